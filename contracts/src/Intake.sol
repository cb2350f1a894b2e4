// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AccountWord, TotalsWord, either} from "./EscrowState.sol";
import {EscrowTerms, TermsAt} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {Payments} from "./Payments.sol";
import {Permits} from "./Permits.sol";
import {Prices} from "./Prices.sol";

/// @title How money comes into an escrow, and what it keeps
/// @notice See `IEscrow` for what each function promises; `Escrow` is the way out.
abstract contract Intake is IEscrow {
    using SafeCast for uint256;

    /// @dev One investor's word, in a struct so that its place is computed once.
    struct Slot {
        AccountWord word;
    }

    /// @dev How many, and how long all of them are together: one that goes on counts as if nobody ended it.
    struct Pauses {
        uint32 used;
        uint64 length;
    }

    // Written through a reference to its word.
    // slither-disable-next-line uninitialized-state
    mapping(address investor => Slot) internal _accounts;
    TotalsWord internal _totals;
    /// @dev Pauses so far. Read where they count: when one begins, and once the window would be over without them.
    Pauses internal _pauses;
    /// @dev Accepted money of investors whose contributions come to no token together. It goes back to them
    /// when the sale is settled, and does not count for the soft cap. Nearly always zero, and then never touched.
    uint256 internal _forNothing;

    // ---------------------------------------------------------------------------------------------- money in

    receive() external payable {
        contribute();
    }

    /// @inheritdoc IEscrow
    function contribute() public payable {
        TermsAt t = _termsAt(block.timestamp);
        Slot storage slot = _accounts[msg.sender];
        _takeCoin(t, slot, _accountNow(t, slot));
    }

    /// @inheritdoc IEscrow
    function contributeAdmitted(Admission calldata admission) external payable {
        TermsAt t = _termsAt(block.timestamp);
        Slot storage slot = _accounts[msg.sender];
        _takeCoin(t, slot, _admitted(t, _accountNow(t, slot), admission));
    }

    /// @inheritdoc IEscrow
    function contributeToken(uint256 amount) external {
        TermsAt t = _termsAt(block.timestamp);
        Slot storage slot = _accounts[msg.sender];
        _takeToken(t, slot, _accountNow(t, slot), amount);
    }

    /// @inheritdoc IEscrow
    function contributeTokenAdmitted(uint256 amount, Admission calldata admission) external {
        _takeTokenAdmitted(_termsAt(block.timestamp), amount, admission);
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
        TermsAt t = _termsAt(block.timestamp);
        // Anybody may have shown the allowance first; whether it is there shows in the transfer.
        // Nothing was read before this call, so a call back finds a whole state and leaves one.
        // slither-disable-next-line reentrancy-benign,reentrancy-events
        try IERC20Permit(t.currency()).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _takeTokenAdmitted(t, amount, admission);
    }

    function _takeTokenAdmitted(TermsAt t, uint256 amount, Admission calldata admission) private {
        Slot storage slot = _accounts[msg.sender];
        _takeToken(t, slot, _admitted(t, _accountNow(t, slot), admission), amount);
    }

    /// @dev The terms that hold at a position; those of the whole sale where it has one round.
    function _termsAt(uint256) internal view virtual returns (TermsAt) {
        return EscrowTerms.load();
    }

    /// @dev Whether what is above the caps is shared out. Where it never is, the code for it is not there.
    function _isShared(TermsAt t) internal pure virtual returns (bool) {
        return t.isShared();
    }

    /// @dev Whether the price is fixed.
    function _isFixed(TermsAt t) internal pure virtual returns (bool) {
        return t.isFixed();
    }

    /// @dev Which formula the price has. Where that is always one, the code for the others is not there.
    function _pricing(TermsAt t) internal pure virtual returns (Pricing) {
        return t.pricing();
    }

    /// @dev Token units per unit of money at a position, as a ratio.
    function _priceAt(TermsAt t, uint256 position) internal view virtual returns (uint256, uint256) {
        return Prices.priceAt(t, position);
    }

    /// @dev The sender's account as these terms judge it.
    function _accountNow(TermsAt, Slot storage slot) internal view virtual returns (AccountWord) {
        return slot.word;
    }

    /// @dev What an investor may have in all who is admitted for `most`.
    function _inAll(TermsAt, uint256 most) internal pure virtual returns (uint256) {
        return most;
    }

    /// @dev The other direction: what an investor is admitted for who may have `most` in all.
    function _ofRound(TermsAt, uint256 most) internal pure virtual returns (uint256) {
        return most;
    }

    // Only the two payable functions come here.
    // slither-disable-next-line msg-value-in-nonpayable
    function _takeCoin(TermsAt t, Slot storage slot, AccountWord a) private {
        if (t.currency() != address(0)) revert WrongCurrency();
        uint256 accepted = _record(t, slot, a, msg.value);
        if (accepted < msg.value) {
            if (!Payments.pay(address(0), msg.sender, msg.value - accepted, gasleft())) revert ChangeRefused();
        }
    }

    function _takeToken(TermsAt t, Slot storage slot, AccountWord a, uint256 amount) private {
        address currency = t.currency();
        if (currency == address(0)) revert WrongCurrency();
        uint256 accepted = _record(t, slot, a, amount);
        uint256 received = Payments.take(currency, msg.sender, accepted);
        if (received != accepted) revert WrongAmountReceived(received, accepted);
    }

    /// @dev The sender's account with the permit applied. Of several permits the one with the most counts, whatever
    /// the order, so that showing an old one again changes nothing.
    function _admitted(TermsAt t, AccountWord a, Admission calldata admission) private view returns (AccountWord) {
        if (a.isClosed()) revert NotAllowed(a.standing());
        uint256 most = _inAll(t, admission.max);
        if (a.isAdmitted() && most <= a.cap()) return a;
        if (block.timestamp >= admission.expiry) revert AdmissionExpired(admission.expiry);
        bytes32 hash = _permitHash(t, msg.sender, admission.max, admission.expiry);
        if (!Permits.isSigned(t.verifier(), hash, admission.signature)) revert WrongSignature();
        return a.withCap(most.toUint80());
    }

    /// @dev Judges a contribution and writes what is accepted of it. All checks stand before the first write.
    function _record(TermsAt t, Slot storage slot, AccountWord a, uint256 amount) private returns (uint256 accepted) {
        TotalsWord s = _totals;
        _requireOpen(t, s);
        if (!a.isAdmitted()) a = _admittedWithoutPermit(t, a);
        if (_isShared(t)) return _recordAsked(t, slot, a, s, amount);
        uint256 numerator;
        uint256 denominator;
        uint256 tokens;
        bool once = _isFixed(t);
        if (once) {
            (numerator, denominator) = (t.priceNumerator(), t.priceDenominator());
            tokens = Prices.fixedCounted(amount, numerator, denominator);
        } else {
            (numerator, denominator) = _priceAt(t, block.timestamp);
            tokens = Prices.flooredOrNone(amount, numerator, denominator);
        }
        accepted = amount;
        if (!_fitsWhole(t, a, s, amount, tokens)) {
            accepted = _fitting(t, a, s, amount);
            tokens = Prices.counted(_pricing(t), accepted, numerator, denominator);
            if (a.tokens() + tokens > type(uint88).max) revert AmountTooLarge();
        }
        uint256 slack = once ? _slackOf(a.accepted(), accepted, tokens, numerator, denominator) : 0;
        // The sums fit their fields: either that was looked at, or what is accepted was cut to the rooms that the cap
        // (80 bits), the hard cap (88) and what is for sale (96) leave, and the account's tokens were looked at.
        a = a.plus(accepted, tokens);
        slot.word = a;
        _totals = s.plusSale(accepted, tokens, slack);
        _noteAccepted(t, accepted, tokens);
        emit Contributed(msg.sender, _ofRound(t, a.cap()), amount, accepted, tokens);
    }

    /// @dev Where too much is shared out, limits hold and caps do not: what is asked for is judged at settlement.
    function _recordAsked(TermsAt t, Slot storage slot, AccountWord a, TotalsWord s, uint256 amount)
        private
        returns (uint256 asked)
    {
        asked = _withinLimits(t, a, amount, amount, 1);
        if (s.raised() + asked > type(uint88).max) revert AmountTooLarge();
        uint256 newcomers = a.accepted() == 0 ? 1 : 0;
        a = a.plus(asked, 0);
        slot.word = a;
        _totals = s.plusSale(asked, 0, newcomers);
        _noteAccepted(t, asked, 0);
        emit Contributed(msg.sender, a.cap(), amount, asked, 0);
    }

    /// @dev What else is kept of a contribution of the sender: nothing, where nobody may take it back.
    // That of `Escrow`, though others put theirs in its place.
    // slither-disable-next-line dead-code
    function _noteAccepted(TermsAt t, uint256 accepted, uint256 tokens) internal virtual {}

    /// @dev Who is not admitted: in a public round everybody is, for as much as the counter holds.
    function _admittedWithoutPermit(TermsAt t, AccountWord a) private pure returns (AccountWord) {
        Standing standing = a.standing();
        if (standing != Standing.Unknown) revert NotAllowed(standing);
        if (t.verifier() != address(0)) revert NotAdmitted();
        return a.withCap(type(uint80).max);
    }

    /// @dev What `tokens` has more than the investor gets for this contribution, who is rounded once: 0 or 1.
    function _slackOf(uint256 already, uint256 accepted, uint256 tokens, uint256 numerator, uint256 denominator)
        private
        returns (uint256)
    {
        uint256 before = Prices.fixedTokens(already, numerator, denominator);
        // An account's money has 80 bits. A sum that is rounded down grows by no more than what is rounded up.
        unchecked {
            uint256 later = Prices.fixedTokens(already + accepted, numerator, denominator);
            if (before == 0) _noteForNothing(already, accepted, later);
            return tokens + before - later;
        }
    }

    /// @dev Keeps `_forNothing` for an investor who had no token until now.
    function _noteForNothing(uint256 already, uint256 accepted, uint256 later) private {
        if (later == 0) _forNothing += accepted;
        else if (already != 0) _forNothing -= already;
    }

    function _requireOpen(TermsAt t, TotalsWord s) internal view {
        if (s.wasStopped()) _requireRunning(s);
        if (block.timestamp < t.opens()) revert NotOpenYet(t.opens());
        if (block.timestamp >= t.closes()) _requireMoved(t);
    }

    /// @dev Only once the window would be over, so that nobody else pays for it.
    function _requireMoved(TermsAt t) private view {
        uint256 closes = _closesAt(t);
        if (block.timestamp >= closes) revert Closed(closes);
    }

    /// @dev First second after the window, as pauses have moved it.
    function _closesAt(TermsAt t) internal view returns (uint256) {
        return t.isMoved() ? t.closes() + _pauses.length : t.closes();
    }

    function _requireRunning(TotalsWord s) private view {
        if (s.phase() != Phase.Sale) revert WrongPhase(s.phase());
        if (block.timestamp < s.pausedUntil()) revert Paused(s.pausedUntil());
    }

    /// @dev Whether no minimum, no limit and no cap says anything, which is nearly always so; else `_fitting` says
    /// what. A maximum is below 2^80 or is 2^80 - 1, so that a larger amount never fits, and with amounts below 2^80
    /// nothing overflows. What is sold is never more than what is for sale. All is looked at: that is cheaper than jumps.
    function _fitsWhole(TermsAt t, AccountWord a, TotalsWord s, uint256 amount, uint256 tokens)
        private
        pure
        returns (bool)
    {
        unchecked {
            uint256 sum = a.accepted() + amount;
            bool breaks = either(amount > t.contributionMax(), amount < t.contributionMin());
            breaks = either(breaks, either(sum > t.investorMax(), sum < t.investorMin()));
            breaks = either(breaks, either(sum > a.cap(), tokens == 0));
            breaks = either(breaks, s.raised() + amount > t.hardCap());
            breaks = either(breaks, tokens > t.forSale() - s.counted());
            // Below 2^88 + 2^96 where the line above finds nothing.
            return !either(breaks, a.tokens() + tokens > type(uint88).max);
        }
    }

    /// @dev The part of a contribution that is accepted: minima, then limits, then caps, as docs/rules.md orders them.
    function _fitting(TermsAt t, AccountWord a, TotalsWord s, uint256 amount) private view returns (uint256 fits) {
        Pricing kind = _pricing(t);
        (uint256 numerator, uint256 denominator) = _priceAt(t, block.timestamp);
        // With a fixed price tokens are counted rounded up: nothing is said of one contribution alone.
        uint256 tokens = amount >> 80 == 0 ? Prices.counted(kind, amount, numerator, denominator) : 0;
        // The least amount that is not for nothing.
        uint256 least = kind == Pricing.Fixed ? 1 : Prices.ceiled(1, denominator, numerator);
        fits = _withinLimits(t, a, amount, tokens, least);
        Misfit policy = t.overCap();
        uint256 room = Prices.fitting(kind, fits, t.forSale() - s.counted(), numerator, denominator);
        fits = _cut(fits, t.hardCap() - s.raised(), least, policy, HardCapReached.selector);
        fits = _cut(fits, room, 1, policy, SoldOut.selector);
    }

    /// @dev Minima and limits. `tokens` are nothing for an amount that buys nothing.
    function _withinLimits(TermsAt t, AccountWord a, uint256 amount, uint256 tokens, uint256 least)
        private
        pure
        returns (uint256 fits)
    {
        // Nobody can have more accepted, and a journal adds amounts up in numbers that stay exact to there.
        if (amount > type(uint80).max) revert AmountTooLarge();
        if (amount < t.contributionMin()) revert BelowMinimum(t.contributionMin());
        if (tokens == 0) revert BuysNothing();
        if (a.accepted() + amount < t.investorMin()) revert BelowInvestorMinimum(t.investorMin());
        Misfit policy = t.overLimit();
        fits = _cut(amount, t.contributionMax(), least, policy, AboveMaximum.selector);
        uint256 most = EscrowTerms.widened(t.investorMax());
        fits = _cut(fits, most - a.accepted(), least, policy, InvestorLimit.selector);
        fits = _cut(fits, a.cap() - a.accepted(), least, policy, AdmissionLimit.selector);
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

    /// @dev What the verifier signs for an investor.
    function _permitHash(TermsAt t, address investor, uint256 max, uint256 expiry) internal view returns (bytes32) {
        return Permits.hashOf(investor, max, expiry, t.round(), t.termsHash());
    }
}
