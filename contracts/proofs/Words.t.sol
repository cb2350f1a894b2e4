// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccountWord, TotalsWord, pack} from "../src/EscrowState.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {Proof} from "./Proof.sol";

/// The words of an investor and of the totals: every bit of them is symbolic, nothing is bounded but what the functions
/// themselves ask for.
contract WordsProof is Proof {
    /// What `plus` asks for, the sums fit, is all that is assumed.
    function check_plus_changes_money_and_tokens_only(uint256 word, uint256 money, uint256 more) external pure {
        AccountWord a = AccountWord.wrap(word);
        vm.assume(money < 1 << 80 && a.accepted() + money < 1 << 80);
        vm.assume(more < 1 << 88 && a.tokens() + more < 1 << 88);
        AccountWord b = a.plus(money, more);
        assert(b.accepted() == a.accepted() + money);
        assert(b.tokens() == a.tokens() + more);
        assert(b.cap() == a.cap());
        assert(standingBits(b) == standingBits(a));
    }

    /// What `less` asks for, that the account has so much.
    function check_less_changes_money_and_tokens_only(uint256 word, uint256 money, uint256 fewer) external pure {
        AccountWord a = AccountWord.wrap(word);
        vm.assume(money <= a.accepted() && fewer <= a.tokens());
        AccountWord b = a.less(money, fewer);
        assert(b.accepted() == a.accepted() - money);
        assert(b.tokens() == a.tokens() - fewer);
        assert(b.cap() == a.cap());
        assert(standingBits(b) == standingBits(a));
    }

    function check_a_cap_admits_and_changes_nothing_else(uint256 word, uint80 most) external pure {
        AccountWord a = AccountWord.wrap(word);
        AccountWord b = a.withCap(most);
        assert(b.cap() == most);
        assert(b.isAdmitted() && b.isInside() && !b.isReturned() && !b.isClosed());
        assert(b.accepted() == a.accepted() && b.tokens() == a.tokens());
    }

    function check_a_standing_changes_nothing_else(uint256 word, IEscrow.Standing which) external pure {
        AccountWord a = AccountWord.wrap(word);
        AccountWord b = a.withStanding(which);
        assert(b.standing() == which);
        assert(b.cap() == a.cap() && b.accepted() == a.accepted() && b.tokens() == a.tokens());
    }

    function check_who_stands_where(uint256 word, IEscrow.Standing which) external pure {
        AccountWord a = AccountWord.wrap(word).withStanding(which);
        bool revoked = which == IEscrow.Standing.Revoked;
        assert(a.isAdmitted() == (which == IEscrow.Standing.Admitted));
        assert(a.isInside() == (which == IEscrow.Standing.Admitted || revoked));
        assert(a.isReturned() == (which == IEscrow.Standing.Returned));
        assert(a.isClosed() == (which != IEscrow.Standing.Unknown && which != IEscrow.Standing.Admitted));
    }

    function check_a_return_keeps_the_money_and_counts_no_token(uint256 word) external pure {
        AccountWord a = AccountWord.wrap(word);
        AccountWord b = a.returned();
        assert(b.isReturned());
        assert(b.accepted() == a.accepted() && b.cap() == a.cap());
        assert(b.tokens() == 0);
    }

    /// Whatever it was, nothing is due any more: the word is neither inside nor returned.
    function check_a_refund_leaves_nothing_due(uint256 word) external pure {
        AccountWord a = AccountWord.wrap(word);
        AccountWord b = a.refunded();
        assert(!b.isInside() && !b.isReturned());
        // A return stays closed, so that the investor does not come in again.
        assert(b.isClosed() == a.isReturned());
    }

    /// The four fields are all the bits of the word, and none is in two of them.
    function check_an_account_is_shown_whole(uint256 word, IEscrow.Standing which) external pure {
        AccountWord a = AccountWord.wrap(word).withStanding(which);
        IEscrow.Account memory shown = a.unpack();
        uint256 again = uint256(shown.cap) | (uint256(shown.accepted) << 80) | (uint256(shown.tokens) << 160);
        assert(again | (uint256(shown.standing) << 248) == AccountWord.unwrap(a));
    }

    function check_totals_are_what_was_packed(IEscrow.Totals memory all) external pure {
        IEscrow.Totals memory shown = pack(all).unpackTotals();
        assert(shown.raised == all.raised && shown.counted == all.counted && shown.slack == all.slack);
        assert(shown.pausedUntil == all.pausedUntil && shown.phase == all.phase);
    }

    function check_totals_are_packed_as_they_were(uint256 word, IEscrow.Phase phase) external pure {
        TotalsWord s = TotalsWord.wrap(word).withPhase(phase);
        assert(TotalsWord.unwrap(pack(s.unpackTotals())) == TotalsWord.unwrap(s));
    }

    function check_a_phase_changes_nothing_else(uint256 word, IEscrow.Phase phase) external pure {
        TotalsWord s = TotalsWord.wrap(word);
        TotalsWord later = s.withPhase(phase);
        assert(later.phase() == phase);
        assert(later.isSold() == (phase == IEscrow.Phase.Settled || phase == IEscrow.Phase.Drawn));
        assert(later.wasStopped() == (phase != IEscrow.Phase.Sale || s.pausedUntil() != 0));
        assert(later.raised() == s.raised() && later.counted() == s.counted());
        assert(later.slack() == s.slack() && later.pausedUntil() == s.pausedUntil());
    }

    /// The sums of money and tokens fit, as `plusSale` asks; of the slack it looks itself. `extra` is never more than one:
    /// 33 bits are left to it.
    function check_a_contribution_changes_its_three_sums_only(uint256 word, uint256 money, uint256 more, uint256 extra)
        external
        pure
    {
        TotalsWord s = TotalsWord.wrap(word);
        vm.assume(money < 1 << 88 && s.raised() + money < 1 << 88);
        vm.assume(more < 1 << 96 && s.counted() + more < 1 << 96);
        vm.assume(extra < 1 << 33);
        TotalsWord later = s.plusSale(money, more, extra);
        assert(later.raised() == s.raised() + money);
        assert(later.counted() == s.counted() + more);
        assert(later.slack() == s.slack() + extra);
        assert(later.pausedUntil() == s.pausedUntil());
        assert(TotalsWord.unwrap(later) >> 248 == TotalsWord.unwrap(s) >> 248);
    }

    function standingBits(AccountWord a) private pure returns (uint256) {
        return AccountWord.unwrap(a) >> 248;
    }
}
