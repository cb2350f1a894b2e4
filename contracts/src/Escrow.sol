// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EscrowTerms} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {Payments} from "./Payments.sol";
import {Pricing as Prices} from "./Pricing.sol";
import {SaleToken} from "./SaleToken.sol";

/// @title The escrow of one round, first come
/// @notice See `IEscrow` for what each function promises.
/// @dev Every function writes its state before it calls anybody, so a receiver that calls back finds itself paid
/// already; there is no lock. Nothing loops over investors except the two lists a caller names and pays for.
contract Escrow is IEscrow {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev What one entry of `distribute` or of `refundMany` in an ERC-20 may use.
    uint256 private constant TOKEN_GAS = 100_000;
    /// @dev What a receiver of coin in `refundMany` may use: enough for wallets that are contracts.
    uint256 private constant COIN_GAS = 50_000;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Softcap");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant PERMIT =
        keccak256("Permit(address investor,uint256 max,uint256 expiry,uint256 round,bytes32 termsHash)");

    mapping(address investor => Account) private _accounts;
    Totals private _totals;
    uint256 private _pausesUsed;
    /// @dev Accepted money of investors whose contributions come to no token together. It goes back to them
    /// when the sale is settled, and does not count for the soft cap. Nearly always zero, and then never touched.
    uint256 private _forNothing;

    // ---------------------------------------------------------------------------------------------- money in

    receive() external payable {
        contribute();
    }

    /// @inheritdoc IEscrow
    function contribute() public payable {
        _takeCoin(EscrowTerms.load(), _accounts[msg.sender]);
    }

    /// @inheritdoc IEscrow
    function contributeAdmitted(Admission calldata admission) external payable {
        Terms memory t = EscrowTerms.load();
        _takeCoin(t, _admitted(t, admission));
    }

    /// @inheritdoc IEscrow
    function contributeToken(uint256 amount) external {
        _takeToken(EscrowTerms.load(), _accounts[msg.sender], amount);
    }

    /// @inheritdoc IEscrow
    function contributeTokenAdmitted(uint256 amount, Admission calldata admission) public {
        Terms memory t = EscrowTerms.load();
        _takeToken(t, _admitted(t, admission), amount);
    }

    /// @inheritdoc IEscrow
    function contributeTokenWithAllowance(
        uint256 amount,
        Admission calldata admission,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // Anybody may have shown the allowance first; whether it is there shows in the transfer.
        try IERC20Permit(EscrowTerms.load().currency).permit(
            msg.sender, address(this), amount, deadline, v, r, s
        ) {} catch {}
        contributeTokenAdmitted(amount, admission);
    }

    function _takeCoin(Terms memory t, Account memory a) private {
        if (t.currency != address(0)) revert WrongCurrency();
        uint256 accepted = _record(t, a, msg.value);
        if (accepted < msg.value) {
            if (!Payments.pay(address(0), msg.sender, msg.value - accepted, gasleft())) revert ChangeRefused();
        }
    }

    function _takeToken(Terms memory t, Account memory a, uint256 amount) private {
        if (t.currency == address(0)) revert WrongCurrency();
        uint256 accepted = _record(t, a, amount);
        IERC20 currency = IERC20(t.currency);
        uint256 before = currency.balanceOf(address(this));
        currency.safeTransferFrom(msg.sender, address(this), accepted);
        uint256 received = currency.balanceOf(address(this)) - before;
        if (received != accepted) revert WrongAmountReceived(received, accepted);
    }

    /// @dev The sender's account with the permit applied. Of several permits the one with the most counts, whatever
    /// the order, so that showing an old one again changes nothing.
    function _admitted(Terms memory t, Admission calldata admission) private view returns (Account memory a) {
        a = _accounts[msg.sender];
        if (a.standing > Standing.Admitted) revert NotAllowed(a.standing);
        if (a.standing == Standing.Admitted && admission.max <= a.cap) return a;
        if (block.timestamp >= admission.expiry) revert AdmissionExpired(admission.expiry);
        bytes32 hash = _permitHash(t, msg.sender, admission.max, admission.expiry);
        (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(hash, admission.signature);
        bool signed = problem == ECDSA.RecoverError.NoError && signer == t.verifier;
        if (!signed && !SignatureChecker.isValidERC1271SignatureNow(t.verifier, hash, admission.signature)) {
            revert WrongSignature();
        }
        a.cap = admission.max.toUint80();
        a.standing = Standing.Admitted;
    }

    /// @dev Judges a contribution and writes what is accepted of it. All checks stand before the first write.
    function _record(Terms memory t, Account memory a, uint256 amount) private returns (uint256 accepted) {
        Totals memory s = _totals;
        _requireOpen(t, s);
        if (a.standing == Standing.Unknown && t.verifier == address(0)) {
            a.standing = Standing.Admitted;
            a.cap = type(uint80).max;
        }
        if (a.standing == Standing.Unknown) revert NotAdmitted();
        if (a.standing != Standing.Admitted) revert NotAllowed(a.standing);
        (uint256 numerator, uint256 denominator) = Prices.priceAt(t, block.timestamp);
        accepted = _fitting(t, a, s, amount, numerator, denominator);
        uint256 tokens = Prices.counted(t.pricing, accepted, numerator, denominator);
        if (t.pricing == Pricing.Fixed) {
            uint256 before = Prices.floored(a.accepted, numerator, denominator);
            uint256 later = Prices.floored(a.accepted + accepted, numerator, denominator);
            s.slack += (tokens - (later - before)).toUint32();
            if (later == 0) _forNothing += accepted;
            else if (before == 0 && a.accepted != 0) _forNothing -= a.accepted;
        }
        if (a.tokens + tokens > type(uint88).max) revert AmountTooLarge();
        a.accepted += accepted.toUint80();
        a.tokens += tokens.toUint88();
        s.raised += accepted.toUint88();
        s.counted += tokens.toUint96();
        _accounts[msg.sender] = a;
        _totals = s;
        emit Contributed(msg.sender, a.cap, amount, accepted, tokens);
    }

    function _requireOpen(Terms memory t, Totals memory s) private view {
        if (s.phase != Phase.Sale) revert WrongPhase(s.phase);
        if (block.timestamp < s.pausedUntil) revert Paused(s.pausedUntil);
        if (block.timestamp < t.opens) revert NotOpenYet(t.opens);
        if (block.timestamp >= t.closes) revert Closed(t.closes);
    }

    /// @dev The part of a contribution that is accepted: minima, then limits, then caps, as docs/rules.md orders them.
    function _fitting(
        Terms memory t,
        Account memory a,
        Totals memory s,
        uint256 amount,
        uint256 numerator,
        uint256 denominator
    ) private pure returns (uint256 fits) {
        if (amount > type(uint128).max) revert AmountTooLarge();
        if (amount < t.contributionMin) revert BelowMinimum(t.contributionMin);
        bool alone = t.pricing != Pricing.Fixed;
        if (amount == 0 || (alone && Prices.floored(amount, numerator, denominator) == 0)) revert BuysNothing();
        if (a.accepted + amount < t.investorMin) revert BelowInvestorMinimum(t.investorMin);
        // The least amount that is not for nothing; with a fixed price nothing is said of one contribution alone.
        uint256 least = alone ? Prices.ceiled(1, denominator, numerator) : 1;
        fits = _cut(amount, t.contributionMax, least, t.overLimit, AboveMaximum.selector);
        fits = _cut(fits, _left(t.investorMax, a.accepted), least, t.overLimit, InvestorLimit.selector);
        fits = _cut(fits, _left(a.cap, a.accepted), least, t.overLimit, AdmissionLimit.selector);
        uint256 asked = fits;
        fits = _cut(fits, _left(t.hardCap, s.raised), least, t.overCap, HardCapReached.selector);
        uint256 room = _left(t.forSale, s.counted);
        room = Prices.fitting(t.pricing, asked, room, numerator, denominator);
        fits = _cut(fits, room, 1, t.overCap, SoldOut.selector);
    }

    function _left(uint256 most, uint256 used) private pure returns (uint256) {
        return most > used ? most - used : 0;
    }

    /// @dev Cuts what is left of an amount to a room, or refuses with the code.
    function _cut(uint256 amount, uint256 room, uint256 least, Misfit policy, bytes4 code)
        private
        pure
        returns (uint256)
    {
        if (room >= amount) return amount;
        if (room < least) room = 0;
        if (policy == Misfit.Refuse || room == 0) {
            assembly ("memory-safe") {
                mstore(0, code)
                mstore(4, room)
                revert(0, 36)
            }
        }
        return room;
    }

    // ------------------------------------------------------------------------------------- what the issuer may

    modifier onlyIssuer() {
        if (msg.sender != EscrowTerms.load().issuer) revert NotIssuer();
        _;
    }

    /// @inheritdoc IEscrow
    function pause() external onlyIssuer {
        Terms memory t = EscrowTerms.load();
        _requireOpen(t, _totals);
        if (_pausesUsed >= t.pauseCount) revert NoPauseLeft();
        ++_pausesUsed;
        _setPausedUntil(block.timestamp + t.pauseLongest);
    }

    /// @inheritdoc IEscrow
    function resume() external onlyIssuer {
        if (block.timestamp < _totals.pausedUntil) _setPausedUntil(block.timestamp);
    }

    function _setPausedUntil(uint256 position) private {
        _totals.pausedUntil = position.toUint32();
        emit PausedUntil(position);
    }

    /// @inheritdoc IEscrow
    function revoke(address investor) public onlyIssuer {
        Account storage a = _accounts[investor];
        if (a.standing > Standing.Admitted) revert NotAllowed(a.standing);
        a.standing = Standing.Revoked;
        emit Revoked(investor);
    }

    /// @inheritdoc IEscrow
    function returnMoney(address investor, Reason reason) external onlyIssuer {
        Terms memory t = EscrowTerms.load();
        Totals memory s = _totals;
        if (s.phase != Phase.Sale) revert WrongPhase(s.phase);
        if (block.timestamp >= t.closes && reason <= Reason.OverLimit) revert ReasonTooLate(reason);
        if (_accounts[investor].standing != Standing.Revoked) revoke(investor);
        Account memory a = _accounts[investor];
        if (a.accepted == 0) revert NothingDue();
        if (t.pricing == Pricing.Fixed) {
            uint256 tokens = _tokensOf(t, a);
            s.slack -= (a.tokens - tokens).toUint32();
            if (tokens == 0) _forNothing -= a.accepted;
        }
        s.raised -= a.accepted;
        s.counted -= a.tokens;
        a.tokens = 0;
        a.standing = Standing.Returned;
        _accounts[investor] = a;
        _totals = s;
        emit Returned(investor, a.accepted, reason);
    }

    /// @inheritdoc IEscrow
    function cancel() external onlyIssuer {
        Phase phase = _totals.phase;
        if (phase != Phase.Sale) revert WrongPhase(phase);
        _totals.phase = Phase.Cancelled;
        emit Cancelled();
    }

    // ------------------------------------------------------------------------------------------------ the end

    /// @inheritdoc IEscrow
    function settle() external {
        Terms memory t = EscrowTerms.load();
        Totals memory s = _totals;
        if (s.phase != Phase.Sale) revert WrongPhase(s.phase);
        if (block.timestamp < t.closes) revert StillOpen(t.closes);
        if (block.timestamp >= t.refundDeadline) revert Expired(t.refundDeadline);
        s.raised -= _forNothing.toUint88();
        if (s.raised < t.softCap) revert SoftCapMissed(s.raised, t.softCap);
        uint256 held = IERC20(t.token).balanceOf(address(this));
        if (held < t.forSale) revert TokensMissing(held, t.forSale);
        s.phase = Phase.Settled;
        _totals = s;
        uint256 sold = s.counted - s.slack;
        uint256 unsold = t.forSale - sold;
        emit Settled(s.raised, sold, unsold);
        if (unsold == 0) return;
        if (t.treasury == address(0)) SaleToken(t.token).burn(unsold);
        else IERC20(t.token).safeTransfer(t.treasury, unsold);
    }

    /// @inheritdoc IEscrow
    function draw() external {
        Totals memory s = _totals;
        if (s.phase != Phase.Settled) revert WrongPhase(s.phase);
        _totals.phase = Phase.Drawn;
        emit Drawn(s.raised);
        Terms memory t = EscrowTerms.load();
        if (!Payments.pay(t.currency, t.beneficiary, s.raised, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IEscrow
    function claim() external {
        Terms memory t = EscrowTerms.load();
        Phase phase = _totals.phase;
        if (phase != Phase.Settled && phase != Phase.Drawn) revert WrongPhase(phase);
        Account memory a = _accounts[msg.sender];
        uint256 tokens = _claimable(t, a);
        if (tokens == 0) revert NothingDue();
        _accounts[msg.sender].standing = Standing.Claimed;
        emit Claimed(msg.sender, tokens);
        if (!Payments.pay(t.token, msg.sender, tokens, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IEscrow
    function refund() external {
        Terms memory t = EscrowTerms.load();
        Account memory a = _accounts[msg.sender];
        uint256 amount = a.accepted;
        // A return does not wait for the sale, so most of the state need not be read.
        if (a.standing != Standing.Returned) {
            Totals memory s = _totals;
            amount = _refundable(t, a, s, _refundsOpen(t, s));
        }
        if (amount == 0) revert NothingDue();
        _accounts[msg.sender].standing = Standing.Refunded;
        emit Refunded(msg.sender, amount);
        if (!Payments.pay(t.currency, msg.sender, amount, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IEscrow
    function distribute(address[] calldata investors) external {
        Terms memory t = EscrowTerms.load();
        Phase phase = _totals.phase;
        if (phase != Phase.Settled && phase != Phase.Drawn) revert WrongPhase(phase);
        for (uint256 i = 0; i < investors.length; ++i) {
            address investor = investors[i];
            Account memory a = _accounts[investor];
            uint256 tokens = _claimable(t, a);
            if (_payEntry(t.token, investor, a, tokens, Standing.Claimed, TOKEN_GAS)) {
                emit Claimed(investor, tokens);
            }
        }
    }

    /// @inheritdoc IEscrow
    function refundMany(address[] calldata investors) external {
        Terms memory t = EscrowTerms.load();
        Totals memory s = _totals;
        bool open = _refundsOpen(t, s);
        uint256 gasLimit = t.currency == address(0) ? COIN_GAS : TOKEN_GAS;
        for (uint256 i = 0; i < investors.length; ++i) {
            address investor = investors[i];
            Account memory a = _accounts[investor];
            uint256 amount = _refundable(t, a, s, open);
            if (_payEntry(t.currency, investor, a, amount, Standing.Refunded, gasLimit)) {
                emit Refunded(investor, amount);
            }
        }
    }

    /// @dev Pays one entry of a list, or leaves it as it was. While the receiver runs, it counts as paid.
    function _payEntry(
        address currency,
        address investor,
        Account memory a,
        uint256 amount,
        Standing after_,
        uint256 gasLimit
    ) private returns (bool) {
        if (amount != 0) {
            if (!Payments.canAfford(gasLimit)) revert NotEnoughGas();
            Standing before = a.standing;
            a.standing = after_;
            _accounts[investor] = a;
            if (Payments.pay(currency, investor, amount, gasLimit)) return true;
            a.standing = before;
            _accounts[investor] = a;
        }
        emit Skipped(investor);
        return false;
    }

    function _claimable(Terms memory t, Account memory a) private pure returns (uint256) {
        if (a.standing != Standing.Admitted && a.standing != Standing.Revoked) return 0;
        return _tokensOf(t, a);
    }

    /// @dev What an investor gets: with a fixed price rounded down once, else the sum of the roundings.
    function _tokensOf(Terms memory t, Account memory a) private pure returns (uint256) {
        if (t.pricing != Pricing.Fixed) return a.tokens;
        return Prices.floored(a.accepted, t.priceNumerator, t.priceDenominator);
    }

    function _refundable(Terms memory t, Account memory a, Totals memory s, bool open)
        private
        pure
        returns (uint256)
    {
        if (a.standing == Standing.Returned) return a.accepted;
        if (a.standing != Standing.Admitted && a.standing != Standing.Revoked) return 0;
        if (open) return a.accepted;
        bool isSold = s.phase == Phase.Settled || s.phase == Phase.Drawn;
        return isSold && _tokensOf(t, a) == 0 ? a.accepted : 0;
    }

    function _refundsOpen(Terms memory t, Totals memory s) private view returns (bool) {
        if (s.phase != Phase.Sale) return s.phase == Phase.Cancelled;
        if (block.timestamp < t.closes) return false;
        return s.raised < t.softCap || block.timestamp >= t.refundDeadline || s.raised - _forNothing < t.softCap;
    }

    // ---------------------------------------------------------------------------------------------- to look at

    /// @inheritdoc IEscrow
    function terms() external view returns (Terms memory) {
        return EscrowTerms.load();
    }

    /// @inheritdoc IEscrow
    function priceAt(uint256 position) external view returns (uint256, uint256) {
        return Prices.priceAt(EscrowTerms.load(), position);
    }

    /// @inheritdoc IEscrow
    function account(address investor) external view returns (Account memory) {
        return _accounts[investor];
    }

    /// @inheritdoc IEscrow
    function totals() external view returns (Totals memory) {
        return _totals;
    }

    /// @inheritdoc IEscrow
    function refundsOpen() external view returns (bool) {
        return _refundsOpen(EscrowTerms.load(), _totals);
    }

    /// @inheritdoc IEscrow
    function permitHash(address investor, uint256 max, uint256 expiry) external view returns (bytes32) {
        return _permitHash(EscrowTerms.load(), investor, max, expiry);
    }

    function _permitHash(Terms memory t, address investor, uint256 max, uint256 expiry)
        private
        view
        returns (bytes32)
    {
        // Computed anew each time: it costs less than reading it, and a fork of the chain gets its own.
        bytes32 domain = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        bytes32 message = keccak256(abi.encode(PERMIT, investor, max, expiry, t.round, t.termsHash));
        return MessageHashUtils.toTypedDataHash(domain, message);
    }
}
