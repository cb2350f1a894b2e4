// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AccountWord, EMPTY, TotalsWord, pack} from "./EscrowState.sol";
import {EscrowTerms, TermsAt} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {Intake} from "./Intake.sol";
import {Payments} from "./Payments.sol";
import {Prices} from "./Prices.sol";
import {SaleToken} from "./SaleToken.sol";
import {Shares} from "./Shares.sol";

/// @title The escrow of one round, first come or pro rata; `RoundsEscrow` makes several of it
/// @notice See `IEscrow` for what each function promises.
/// @dev Every function writes its state before it calls anybody, so a receiver that calls back finds itself paid
/// already; there is no lock. Nothing loops over investors except the two lists a caller names and pays for.
contract Escrow is Intake {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev What one entry of `distribute` or of `refundMany` in an ERC-20 may use.
    uint256 private constant TOKEN_GAS = 100_000;
    /// @dev What a receiver of coin in `refundMany` may use: enough for wallets that are contracts.
    uint256 private constant COIN_GAS = 50_000;

    // ------------------------------------------------------------------------------------- what the issuer may

    modifier onlyIssuer() {
        if (msg.sender != EscrowTerms.load().issuer()) revert NotIssuer();
        _;
    }

    /// @inheritdoc IEscrow
    function pause() external onlyIssuer {
        TermsAt t = EscrowTerms.load();
        _requireOpen(t, _totals);
        Pauses memory p = _pauses;
        if (p.used >= t.pauseCount()) revert NoPauseLeft();
        // The factory allows 2^32 - 1 pauses, and all of them together end before 2106 where they move anything.
        unchecked {
            _pauses = Pauses(p.used + 1, p.length + uint64(t.pauseLongest()));
        }
        _setPausedUntil(block.timestamp + t.pauseLongest());
    }

    /// @inheritdoc IEscrow
    function resume() external onlyIssuer {
        uint256 until = _totals.pausedUntil();
        if (block.timestamp >= until) return;
        // What is taken off was added when the pause began.
        _pauses.length -= uint64(until - block.timestamp);
        _setPausedUntil(block.timestamp);
    }

    function _setPausedUntil(uint256 position) private {
        Totals memory s = _totals.unpackTotals();
        s.pausedUntil = position.toUint32();
        _totals = pack(s);
        emit PausedUntil(position);
    }

    /// @inheritdoc IEscrow
    function revoke(address investor) public onlyIssuer {
        Slot storage slot = _accounts[investor];
        Standing standing = slot.word.standing();
        if (standing > Standing.Admitted) revert NotAllowed(standing);
        slot.word = slot.word.withStanding(Standing.Revoked);
        emit Revoked(investor);
    }

    /// @inheritdoc IEscrow
    function returnMoney(address investor, Reason reason) external onlyIssuer {
        TermsAt t = EscrowTerms.load();
        TotalsWord s = _totals;
        if (s.phase() != Phase.Sale) revert WrongPhase(s.phase());
        _requireNotExpired(t);
        if (reason <= Reason.OverLimit && block.timestamp >= _choiceEndsAt(t, investor)) revert ReasonTooLate(reason);
        Slot storage slot = _accounts[investor];
        if (slot.word.standing() != Standing.Revoked) revoke(investor);
        AccountWord a = slot.word;
        uint256 amount = a.accepted();
        if (amount == 0) revert NothingDue();
        slot.word = a.returned();
        _takeOut(t, investor, a, amount, a.tokens());
        emit Returned(investor, amount, reason);
    }

    /// @dev From when on money of an investor goes back for a reason of law only.
    function _choiceEndsAt(TermsAt t, address) internal view virtual returns (uint256) {
        return _closesAt(t);
    }

    /// @dev Takes money of an investor's account, and what caps count for it, out of the sale.
    function _takeOut(TermsAt t, address, AccountWord a, uint256 money, uint256 tokens) internal virtual {
        Totals memory s = _totals.unpackTotals();
        uint256 left = a.accepted() - money;
        if (_isShared(t)) {
            if (left == 0) s.slack -= 1;
        } else if (_isFixed(t)) {
            uint256 before = _fixedTokens(t, a.accepted());
            uint256 later = _fixedTokens(t, left);
            // A sum that is rounded down falls by no more than its parts, each rounded up.
            uint256 extra = tokens + later - before;
            s.slack -= extra.toUint32();
            if (before == 0) _forNothing -= a.accepted();
            if (later == 0 && left != 0) _forNothing += left;
        }
        s.raised -= money.toUint88();
        s.counted -= tokens.toUint96();
        _totals = pack(s);
    }

    /// @inheritdoc IEscrow
    function cancel() external onlyIssuer {
        TotalsWord s = _totals;
        if (s.phase() != Phase.Sale) revert WrongPhase(s.phase());
        _requireNotExpired(EscrowTerms.load());
        _totals = s.withPhase(Phase.Cancelled);
        emit Cancelled();
    }

    /// @dev From when on nothing comes in and nobody may take a contribution back.
    function _overAt(TermsAt t) internal view virtual returns (uint256) {
        return _closesAt(t);
    }

    /// @dev From the refund deadline on everybody takes the money out, and nothing is decided any more.
    function _requireNotExpired(TermsAt t) private view {
        if (block.timestamp >= t.refundDeadline()) revert Expired(t.refundDeadline());
    }

    // ------------------------------------------------------------------------------------------------ the end

    /// @inheritdoc IEscrow
    function settle() external {
        TermsAt t = EscrowTerms.load();
        Totals memory s = _totals.unpackTotals();
        if (s.phase != Phase.Sale) revert WrongPhase(s.phase);
        uint256 over = _overAt(t);
        if (block.timestamp < over) revert StillOpen(over);
        _requireNotExpired(t);
        s.raised -= _forNothing.toUint88();
        if (s.raised < t.softCap()) revert SoftCapMissed(s.raised, t.softCap());
        address token = t.token();
        uint256 held = IERC20(token).balanceOf(address(this));
        if (held < t.forSale()) revert TokensMissing(held, t.forSale());
        s.phase = Phase.Settled;
        TotalsWord settled = pack(s);
        _totals = settled;
        uint256 sold = _isShared(t) ? Shares.sold(t, settled) : s.counted - s.slack;
        uint256 unsold = t.forSale() - sold;
        emit Settled(_drawable(t, settled), sold, unsold);
        if (unsold == 0) return;
        if (t.treasury() == address(0)) SaleToken(token).burn(unsold);
        else IERC20(token).safeTransfer(t.treasury(), unsold);
    }

    /// @inheritdoc IEscrow
    function draw() external {
        TotalsWord s = _totals;
        if (s.phase() != Phase.Settled) revert WrongPhase(s.phase());
        _totals = s.withPhase(Phase.Drawn);
        TermsAt t = EscrowTerms.load();
        uint256 amount = _drawable(t, s);
        emit Drawn(amount);
        if (!Payments.pay(t.currency(), t.beneficiary(), amount, gasleft())) revert PaymentFailed();
    }

    function _drawable(TermsAt t, TotalsWord s) private pure returns (uint256) {
        return _isShared(t) ? Shares.certain(t, s) : s.raised();
    }

    /// @inheritdoc IEscrow
    function claim() external {
        TotalsWord s = _totals;
        if (!s.isSold()) revert WrongPhase(s.phase());
        TermsAt t = EscrowTerms.load();
        Slot storage slot = _accounts[msg.sender];
        AccountWord a = slot.word;
        (uint256 tokens, uint256 change) = _outcome(t, s, a);
        if (tokens == 0) revert NothingDue();
        slot.word = _claimed(t, a);
        emit Claimed(msg.sender, tokens);
        if (change != 0) {
            emit Refunded(msg.sender, change);
            if (!Payments.pay(t.currency(), msg.sender, change, gasleft())) revert PaymentFailed();
        }
        if (!Payments.pay(t.token(), msg.sender, tokens, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IEscrow
    function refund() external {
        TermsAt t = EscrowTerms.load();
        Slot storage slot = _accounts[msg.sender];
        AccountWord a = slot.word;
        uint256 amount = a.accepted();
        // A return does not wait for the sale, so most of the state need not be read.
        if (!a.isReturned()) {
            TotalsWord s = _totals;
            amount = _refundable(t, a, s, _refundsOpen(t, s));
        }
        if (amount == 0) revert NothingDue();
        slot.word = a.refunded();
        emit Refunded(msg.sender, amount);
        if (!Payments.pay(t.currency(), msg.sender, amount, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IEscrow
    function distribute(address[] calldata investors) external {
        TermsAt t = EscrowTerms.load();
        TotalsWord s = _totals;
        if (!s.isSold()) revert WrongPhase(s.phase());
        for (uint256 i = 0; i < investors.length; ++i) {
            _distributeTo(t, s, investors[i]);
        }
    }

    /// @dev The change goes first: the receiver may refuse it, and then keeps everything due. Tokens nobody refuses.
    function _distributeTo(TermsAt t, TotalsWord s, address investor) private {
        Slot storage slot = _accounts[investor];
        AccountWord a = slot.word;
        (uint256 tokens, uint256 change) = _outcome(t, s, a);
        AccountWord paid = _claimed(t, a);
        if (tokens == 0 || change == 0) {
            if (_payEntry(t.token(), investor, slot, a, paid, tokens, TOKEN_GAS)) emit Claimed(investor, tokens);
            return;
        }
        if (!Payments.canAfford(3 * TOKEN_GAS)) revert NotEnoughGas();
        if (!_payEntry(t.currency(), investor, slot, a, paid, change, _gasLimit(t))) return;
        emit Refunded(investor, change);
        if (!Payments.pay(t.token(), investor, tokens, TOKEN_GAS)) revert PaymentFailed();
        emit Claimed(investor, tokens);
    }

    /// @dev The account once its tokens are out.
    function _claimed(TermsAt t, AccountWord a) private pure returns (AccountWord) {
        return t.keepsClaimed() ? a.withStanding(Standing.Claimed) : EMPTY;
    }

    function _gasLimit(TermsAt t) private pure returns (uint256) {
        return t.currency() == address(0) ? COIN_GAS : TOKEN_GAS;
    }

    /// @inheritdoc IEscrow
    function refundMany(address[] calldata investors) external {
        TermsAt t = EscrowTerms.load();
        TotalsWord s = _totals;
        bool open = _refundsOpen(t, s);
        address currency = t.currency();
        uint256 gasLimit = _gasLimit(t);
        for (uint256 i = 0; i < investors.length; ++i) {
            address investor = investors[i];
            Slot storage slot = _accounts[investor];
            AccountWord a = slot.word;
            uint256 amount = _refundable(t, a, s, open);
            if (_payEntry(currency, investor, slot, a, a.refunded(), amount, gasLimit)) {
                emit Refunded(investor, amount);
            }
        }
    }

    /// @dev Pays one entry of a list, or leaves it as it was. While the receiver runs, it counts as paid.
    function _payEntry(
        address currency,
        address investor,
        Slot storage slot,
        AccountWord before,
        AccountWord paid,
        uint256 amount,
        uint256 gasLimit
    ) private returns (bool) {
        if (amount != 0) {
            if (!Payments.canAfford(gasLimit)) revert NotEnoughGas();
            slot.word = paid;
            if (Payments.pay(currency, investor, amount, gasLimit)) return true;
            slot.word = before;
        }
        emit Skipped(investor);
        return false;
    }

    /// @dev What a settled sale owes an investor: tokens, and what is not accepted where too much is shared out. No
    /// tokens: the money is not for nothing, and a refund gives all of it back.
    function _outcome(TermsAt t, TotalsWord s, AccountWord a) private pure returns (uint256 tokens, uint256 change) {
        if (!a.isInside()) return (0, 0);
        if (!_isShared(t)) return (_tokensOf(t, a), 0);
        uint256 part = Shares.part(t, s, a.accepted());
        return (_fixedTokens(t, part), a.accepted() - part);
    }

    /// @dev What an investor gets: with a fixed price rounded down once, else the sum of the roundings.
    function _tokensOf(TermsAt t, AccountWord a) private pure returns (uint256) {
        return _isFixed(t) ? _fixedTokens(t, a.accepted()) : a.tokens();
    }

    function _fixedTokens(TermsAt t, uint256 money) private pure returns (uint256) {
        return Prices.fixedTokens(money, t.priceNumerator(), t.priceDenominator());
    }

    function _refundable(TermsAt t, AccountWord a, TotalsWord s, bool open) private pure returns (uint256) {
        if (a.isReturned()) return a.accepted();
        if (!a.isInside()) return 0;
        if (open) return a.accepted();
        if (!s.isSold()) return 0;
        (uint256 tokens,) = _outcome(t, s, a);
        return tokens == 0 ? a.accepted() : 0;
    }

    function _refundsOpen(TermsAt t, TotalsWord s) private view returns (bool) {
        if (s.phase() != Phase.Sale) return s.phase() == Phase.Cancelled;
        if (block.timestamp < _overAt(t)) return false;
        uint256 raised = s.raised();
        return raised < t.softCap() || block.timestamp >= t.refundDeadline() || raised - _forNothing < t.softCap();
    }

    // ---------------------------------------------------------------------------------------------- to look at

    /// @inheritdoc IEscrow
    function terms() external view returns (Terms memory) {
        return EscrowTerms.load().unpack();
    }

    /// @inheritdoc IEscrow
    function closesAt() external view returns (uint256) {
        return _closesAt(EscrowTerms.load());
    }

    /// @inheritdoc IEscrow
    function priceAt(uint256 position) external view returns (uint256, uint256) {
        return _priceAt(_termsAt(position), position);
    }

    /// @inheritdoc IEscrow
    function account(address investor) external view returns (Account memory) {
        return _accounts[investor].word.unpack();
    }

    /// @inheritdoc IEscrow
    function totals() external view returns (Totals memory) {
        return _totals.unpackTotals();
    }

    /// @inheritdoc IEscrow
    function due(address investor) external view returns (uint256 tokens, uint256 money) {
        TermsAt t = EscrowTerms.load();
        TotalsWord s = _totals;
        AccountWord a = _accounts[investor].word;
        money = _refundable(t, a, s, _refundsOpen(t, s));
        if (money == 0 && s.isSold()) (tokens, money) = _outcome(t, s, a);
    }

    /// @inheritdoc IEscrow
    function refundsOpen() external view returns (bool) {
        return _refundsOpen(EscrowTerms.load(), _totals);
    }

    /// @inheritdoc IEscrow
    function permitHash(address investor, uint256 max, uint256 expiry) external view returns (bytes32) {
        return _permitHash(_termsAt(block.timestamp), investor, max, expiry);
    }
}
