// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccountWord, TotalsWord} from "./EscrowState.sol";
import {TermsAt} from "./EscrowTerms.sol";
import {Escrow} from "./Escrow.sol";
import {IRounds} from "./IRounds.sol";
import {Prices} from "./Prices.sol";
import {RoundTerms} from "./RoundTerms.sol";

/// @title The escrow of several rounds under one soft cap
/// @notice See `IEscrow` and `IRounds` for what each function promises.
/// @dev A contract of its own, so that a sale of one round pays no gas for it. Everything is counted over all rounds, in the
/// words of `EscrowState`, and the price is one that goes by time: tokens are added up. So the way out is that of `Escrow`. Only the round that
/// takes money now has bounds of its own, and they become bounds of the sums: what was there when it began, and as much more as the
/// round allows. Of the rounds before nothing has to be known but that.
contract RoundsEscrow is Escrow, IRounds {
    using RoundTerms for TermsAt;

    /// @dev What an investor had when they came to the round of their latest contribution.
    struct Stay {
        uint80 accepted;
        uint88 tokens;
        /// How many rounds come after that one, so that whoever comes to the last one only needs no slot.
        uint8 ahead;
    }

    /// @dev What all had when the round of the latest contribution began. Nobody had anything when the first one did.
    struct Mark {
        uint88 raised;
        uint96 counted;
        uint8 round;
    }

    mapping(address investor => Stay) internal _stays;
    Mark private _mark;

    function _termsAt(uint256 position) internal view override returns (TermsAt) {
        return RoundTerms.load(RoundTerms.indexAt(position));
    }

    function _isShared(TermsAt) internal pure override returns (bool) {
        return false;
    }

    function _isFixed(TermsAt) internal pure override returns (bool) {
        return false;
    }

    function _pricing(TermsAt) internal pure override returns (Pricing) {
        return Pricing.Linear;
    }

    function _priceAt(TermsAt t, uint256 position) internal pure override returns (uint256, uint256) {
        return Prices.lineAt(t, position);
    }

    /// @dev Who comes to a round has not shown a permit for it.
    function _accountNow(TermsAt t, Slot storage slot) internal view override returns (AccountWord a) {
        a = slot.word;
        Stay memory stay = _stays[msg.sender];
        if (stay.ahead != _ahead(t)) {
            stay.accepted = uint80(a.accepted());
            if (a.isAdmitted()) a = a.withStanding(Standing.Unknown);
        }
        Mark memory mark = _mark;
        if (mark.round != t.round()) {
            TotalsWord s = _totals;
            // The fields have as many bits as those of the totals.
            (mark.raised, mark.counted) = (uint88(s.raised()), uint96(s.counted()));
        }
        t.accumulate(stay.accepted, mark.raised, mark.counted);
    }

    function _ahead(TermsAt t) private view returns (uint256) {
        return RoundTerms.rounds() - 1 - t.round();
    }

    /// @dev The largest number stands for no bound; a sum that passes it is cut to the one before, and so is never more than was signed.
    function _inAll(TermsAt t, uint256 most) internal pure override returns (uint256) {
        if (most >= type(uint80).max) return most;
        uint256 all = t.before() + most;
        return all < type(uint80).max ? all : type(uint80).max - 1;
    }

    /// @dev Also of the largest number: what an account holds in all has room for so much in this round, and a record of rounds counts each
    /// by itself.
    function _ofRound(TermsAt t, uint256 most) internal pure override returns (uint256) {
        return most - t.before();
    }

    /// @dev The sums have this contribution already; the fields have as many bits as theirs.
    function _noteAccepted(TermsAt t, uint256 accepted, uint256 tokens) internal virtual override {
        uint256 ahead = _ahead(t);
        if (_stays[msg.sender].ahead != ahead) {
            AccountWord a = _accounts[msg.sender].word;
            _stays[msg.sender] = Stay(uint80(a.accepted() - accepted), uint88(a.tokens() - tokens), uint8(ahead));
        }
        uint256 round_ = t.round();
        if (_mark.round != round_) {
            TotalsWord s = _totals;
            _mark = Mark(uint88(s.raised() - accepted), uint96(s.counted() - tokens), uint8(round_));
        }
    }

    /// @dev The latest money of an investor goes back, or all of it. What of it was there before the round that the mark is for, the
    /// mark loses.
    function _takeOut(TermsAt t, address investor, AccountWord a, uint256 money, uint256 tokens) internal override {
        super._takeOut(t, investor, a, money, tokens);
        Stay memory stay = _stays[investor];
        Mark memory mark = _mark;
        (uint256 gone, uint256 fewer) = _goneBefore(stay, a, money, tokens);
        _noteGone(investor, stay, gone, fewer);
        if (_roundOf(stay) != mark.round) (gone, fewer) = (money, tokens);
        if (gone == 0) return;
        // Both fit the fields of an account.
        _mark = Mark(mark.raised - uint88(gone), mark.counted - uint96(fewer), mark.round);
    }

    /// @dev What else is kept of money that an investor had when they came to their round, and has no more: nothing, where all of it goes
    /// back at once and for good.
    // That of `RoundsEscrow`, though another one puts its own in its place.
    // slither-disable-next-line dead-code
    function _noteGone(address investor, Stay memory stay, uint256 gone, uint256 fewer) internal virtual {}

    /// @dev What of it an investor had already when they came to the round of their latest contribution.
    function _goneBefore(Stay memory stay, AccountWord a, uint256 money, uint256 tokens)
        private
        pure
        returns (uint256 gone, uint256 fewer)
    {
        uint256 left = a.accepted() - money;
        if (left >= stay.accepted) return (0, 0);
        return (stay.accepted - left, stay.tokens - (a.tokens() - tokens));
    }

    function _roundOf(Stay memory stay) internal view returns (uint256) {
        return RoundTerms.rounds() - 1 - stay.ahead;
    }

    /// @dev Money of a round that is over stays, but for a reason of law.
    function _choiceEndsAt(TermsAt, address investor) internal view override returns (uint256) {
        Stay memory stay = _stays[investor];
        return stay.accepted == 0 ? RoundTerms.endOf(_roundOf(stay)) : 0;
    }

    /// @inheritdoc IRounds
    function roundCount() external view returns (uint256) {
        return RoundTerms.count();
    }

    /// @inheritdoc IRounds
    function round(uint256 index) external view returns (Round memory one) {
        if (index >= RoundTerms.count()) revert NoRound(index);
        one = RoundTerms.load(index).asRound();
        one.continued = index != 0 && RoundTerms.numberOf(index - 1) == RoundTerms.numberOf(index);
    }

    /// @inheritdoc IRounds
    function roundAt(uint256 position) external view returns (uint256 number) {
        return RoundTerms.numberOf(RoundTerms.indexAt(position));
    }

    /// @inheritdoc IRounds
    function roundOf(address investor) external view returns (uint256 number) {
        return _roundOf(_stays[investor]);
    }
}
