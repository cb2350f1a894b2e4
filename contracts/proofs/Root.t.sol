// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RootEscrow} from "../src/RootEscrow.sol";
import {Proof} from "./Proof.sol";

/// The accounts of an escrow that takes the outcome as a root: what a sound leaf can say, and what a refund pays. Terms,
/// account, sums and time are symbolic, as far as factory and contract let them be.
contract RootProof is RootEscrow, Proof {
    /// What `RootEscrowFactory` lets through.
    function bounded(Terms calldata t) private pure returns (bool) {
        return t.forSale < 1 << 96 && t.hardCap < 1 << 88 && t.softCap <= t.hardCap && t.priceUnit < 1 << 128
            && t.rootDeadline < 1 << 32 && t.challengePeriod <= 3_650 days && t.claimPeriod <= 3_650 days;
    }

    /// Claimed are leaves of those who have money in the sale, each with a limit, while the sums are within the terms, as
    /// they are at the beginning. So they are afterwards, and nothing is cut off where the contract narrows a number.
    function check_a_sound_leaf_is_the_money_that_came_in(
        Terms calldata t,
        Outcome calldata o,
        Account calldata a,
        Leaf calldata leaf
    ) external pure {
        vm.assume(bounded(t));
        vm.assume(_isIn(a.standing) && a.contributed != 0 && a.limit != 0 && a.count != 0);
        vm.assume(o.tokens <= t.forSale && o.accepted <= t.hardCap);
        if (_flawOf(t, o, a, leaf) != Flaw.None) return;
        assert(leaf.accepted < 1 << 80 && leaf.refunded < 1 << 80 && leaf.tokens < 1 << 96);
        assert(leaf.accepted + leaf.refunded == a.contributed);
        assert(o.tokens + leaf.tokens <= t.forSale);
        assert(o.accepted + leaf.accepted <= t.hardCap);
        assert((leaf.accepted == 0) == (leaf.tokens == 0));
    }

    /// Who has no money in the sale gets nothing by a leaf that is not refuted: it gives no token and takes no money.
    function check_a_leaf_of_who_is_out_gives_nothing(
        Terms calldata t,
        Outcome calldata o,
        Account calldata a,
        Leaf calldata leaf
    ) external pure {
        vm.assume(a.contributed == 0 && a.standing != Standing.Proved);
        if (_flawOf(t, o, a, leaf) == Flaw.None) assert(leaf.accepted == 0 && leaf.tokens == 0);
    }

    /// Money of an investor that is in the escrow: of a proved leaf the rest, and what was accepted as far as it may go back.
    function held(Account memory a) private pure returns (uint256) {
        if (a.standing == Standing.Refunded) return 0;
        return a.standing == Standing.Proved ? uint256(a.cap) + a.contributed : a.contributed;
    }

    /// Whatever is paid is taken from what is held, and asking again in the same block gives nothing.
    function check_a_refund_is_paid_once(
        Terms calldata t,
        Outcome calldata o,
        Totals calldata s,
        Account calldata a,
        address investor,
        uint256 time
    ) external {
        vm.assume(bounded(t));
        // Whoever is unknown has nothing: the first contribution admits.
        vm.assume(a.standing != Standing.Unknown || a.contributed == 0);
        vm.warp(time);
        (_accounts[investor], _outcome, _totals) = (a, o, s);
        uint256 amount = _takeDue(t, investor);
        uint256 left = held(_accounts[investor]);
        assert(amount + left == held(a));
        assert(_takeDue(t, investor) == 0);
        assert(held(_accounts[investor]) == left);
    }

    /// Money that is in the sale is paid when refunds are open and not before; accepted money only where the sale failed.
    function check_who_is_paid_when(
        Terms calldata t,
        Outcome calldata o,
        Totals calldata s,
        Account calldata a,
        address investor,
        uint256 time
    ) external {
        vm.assume(bounded(t));
        vm.assume(a.standing != Standing.Unknown || a.contributed == 0);
        vm.warp(time);
        (_accounts[investor], _outcome, _totals) = (a, o, s);
        bool open = _refundsOpen(t, o);
        bool failed = _hasFailed(t, o);
        uint256 amount = _takeDue(t, investor);
        if (_isIn(a.standing)) assert(amount == (open ? a.contributed : 0));
        else if (a.standing == Standing.Returned) assert(amount == a.contributed);
        else if (a.standing == Standing.Proved) assert(amount == uint256(a.contributed) + (failed ? a.cap : 0));
        else assert(amount == 0);
    }
}
