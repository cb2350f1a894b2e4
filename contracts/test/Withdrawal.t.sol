// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {HostileToken} from "./Hostile.sol";
import {WithdrawalSale} from "./WithdrawalSale.sol";

/// Pays when it is told to, and when it is paid does what it is told: nothing, refuse, or withdraw once more.
contract Purse {
    enum Way {
        Take,
        Refuse,
        AskAgain
    }

    Way private way;
    IEscrow private escrow;
    /// What the second ask said: the selector of its error.
    bytes4 public answer;

    function behave(IEscrow escrow_, Way way_) external {
        (escrow, way) = (escrow_, way_);
    }

    function contribute(uint256 amount) external {
        escrow.contribute{value: amount}();
    }

    function withdraw() external {
        IWithdrawal(address(escrow)).withdraw();
    }

    receive() external payable {
        if (way == Way.Refuse) revert();
        if (way != Way.AskAgain) return;
        (bool done, bytes memory said) = address(escrow).call(abi.encodeCall(IWithdrawal.withdraw, ()));
        answer = done ? bytes4(0) : bytes4(said);
    }
}

/// Withdrawal.tree, leaf by leaf.
contract WithdrawalTest is WithdrawalSale {
    event Withdrawn(address indexed investor, uint256 amount, uint256 tokens);

    function phaseIs(IEscrow.Phase phase) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.WrongPhase.selector, phase);
    }

    function stillOpen(uint256 until) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.StillOpen.selector, until);
    }

    function public_() private {
        t.verifier = address(0);
        announce();
    }

    /// 3 on the first day, 2 a week later, 1 a week after that: the first one's right ends where the third comes in.
    function test_what_is_within_the_right_goes_back() public {
        announce();
        enter(ALICE, 3 ether);
        vm.warp(OPENS + 7 days);
        again(ALICE, 2 ether);
        vm.warp(OPENS + 14 days);
        again(ALICE, 1 ether);
        equal("said", right().withdrawable(ALICE), 3 ether);
        vm.expectEmit(address(escrow));
        emit Withdrawn(ALICE, 1 ether, 1_000 ether);
        vm.expectEmit(address(escrow));
        emit Withdrawn(ALICE, 2 ether, 2_000 ether);
        vm.prank(ALICE);
        right().withdraw();
        equal("came back", ALICE.balance, 1_000 ether - 3 ether);
        equal("left", escrow.account(ALICE).accepted, 3 ether);
        equal("tokens", escrow.account(ALICE).tokens, 3_000 ether);
        equal("raised", escrow.totals().raised, 3 ether);
        equal("counted", escrow.totals().counted, 3_000 ether);
        keeps(ALICE);
    }

    /// What was taken back leaves no gap: later ones are found, and those before them.
    function test_in_and_out_in_turns() public {
        announce();
        enter(ALICE, 1 ether);
        again(ALICE, 2 ether);
        withdraw(ALICE, 3 ether);
        again(ALICE, 4 ether);
        vm.warp(OPENS + 10 days);
        again(ALICE, 5 ether);
        again(ALICE, 6 ether);
        vm.warp(OPENS + 14 days);
        withdraw(ALICE, 11 ether);
        again(ALICE, 7 ether);
        withdraw(ALICE, 7 ether);
        keeps(ALICE);
        equal("left", escrow.account(ALICE).accepted, 4 ether);
    }

    function test_to_the_second_before_it_ends() public {
        announce();
        enter(ALICE, 3 ether);
        enter(BOB, 3 ether);
        vm.warp(OPENS + 14 days - 1);
        withdraw(ALICE, 3 ether);
        vm.warp(OPENS + 14 days);
        keeps(BOB);
        equal("said", right().withdrawable(BOB), 0);
    }

    function test_one_date_for_all() public {
        toOneDate(CLOSES + 5 days);
        announce();
        enter(ALICE, 3 ether);
        enter(BOB, 3 ether);
        vm.warp(CLOSES - 1);
        again(ALICE, 2 ether);
        vm.warp(CLOSES + 5 days - 1);
        vm.expectRevert(stillOpen(CLOSES + 5 days));
        escrow.settle();
        vm.expectEmit(address(escrow));
        emit Withdrawn(ALICE, 5 ether, 5_000 ether);
        vm.prank(ALICE);
        right().withdraw();
        equal("came back", ALICE.balance, 1_000 ether);
        vm.warp(CLOSES + 5 days);
        keeps(BOB);
        escrow.settle();
        equal("raised", escrow.totals().raised, 3 ether);
    }

    function test_a_pause_the_end_of_the_window_and_a_revocation_close_nothing() public {
        announce();
        vm.warp(CLOSES - 1);
        enter(ALICE, 3 ether);
        enter(BOB, 2 ether);
        enter(CAROL, 1 ether);
        vm.startPrank(ISSUER);
        escrow.pause();
        escrow.revoke(BOB);
        escrow.returnMoney(CAROL, IEscrow.Reason.Discretion);
        vm.stopPrank();
        withdraw(ALICE, 3 ether);
        vm.warp(CLOSES + 1 days);
        withdraw(BOB, 2 ether);
        keeps(CAROL);
        vm.prank(CAROL);
        escrow.refund();
        equal("all out", address(escrow).balance, 0);
    }

    function test_not_once_everything_goes_back_or_is_settled() public {
        announce();
        enter(ALICE, 3 ether);
        vm.prank(ISSUER);
        escrow.cancel();
        equal("said", right().withdrawable(ALICE), 0);
        keepsFor(ALICE, phaseIs(IEscrow.Phase.Cancelled));
        vm.prank(ALICE);
        escrow.refund();
        announce();
        enter(ALICE, 3 ether);
        close();
        escrow.settle();
        keepsFor(ALICE, phaseIs(IEscrow.Phase.Settled));
    }

    function test_five_hundred_at_a_time() public {
        public_();
        for (uint256 i = 0; i < 501; ++i) again(ALICE, 1);
        withdraw(ALICE, 500);
        withdraw(ALICE, 1);
        keeps(ALICE);
    }

    function test_a_receiver_that_refuses_keeps_everything() public {
        public_();
        Purse purse = new Purse();
        vm.deal(address(purse), 5 ether);
        purse.behave(escrow, Purse.Way.Refuse);
        purse.contribute(2 ether);
        vm.expectRevert(IEscrow.PaymentFailed.selector);
        purse.withdraw();
        equal("still in", escrow.account(address(purse)).accepted, 2 ether);
        purse.behave(escrow, Purse.Way.Take);
        purse.withdraw();
        equal("out", address(purse).balance, 5 ether);
    }

    function test_a_receiver_that_asks_again_finds_nothing() public {
        public_();
        Purse purse = new Purse();
        vm.deal(address(purse), 5 ether);
        purse.behave(escrow, Purse.Way.AskAgain);
        purse.contribute(2 ether);
        again(ALICE, 2 ether);
        purse.withdraw();
        equal("asked again", uint32(purse.answer()), uint32(IEscrow.NothingDue.selector));
        equal("once", address(purse).balance, 5 ether);
        equal("of others", address(escrow).balance, 2 ether);
    }

    function test_an_erc20() public {
        HostileToken coin = new HostileToken();
        (t.currency, t.verifier) = (address(coin), address(0));
        announce();
        coin.mint(ALICE, 100 ether);
        vm.startPrank(ALICE);
        escrow.contributeToken(7 ether);
        right().withdraw();
        vm.stopPrank();
        equal("back", coin.balanceOf(ALICE), 100 ether);
    }

    function test_who_withdrew_may_come_again() public {
        announce();
        enter(ALICE, 50 ether);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AdmissionLimit.selector, 0));
        again(ALICE, 1);
        withdraw(ALICE, 50 ether);
        again(ALICE, 50 ether);
        equal("in again", escrow.account(ALICE).accepted, 50 ether);
    }

    /// 6 for sale at 2 for 1: with 3 in, all is sold; 1 taken back makes room for 1, and not for more.
    function test_what_is_taken_back_makes_room() public {
        (t.verifier, t.softCap, t.hardCap, t.forSale) = (address(0), 0, 3, 6);
        (t.priceNumerator, t.priceDenominator) = (2, 1);
        announce();
        again(ALICE, 2);
        again(BOB, 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HardCapReached.selector, 0));
        again(CAROL, 1);
        withdraw(BOB, 1);
        again(CAROL, 2);
        equal("what fits", escrow.account(CAROL).accepted, 1);
        equal("sold", escrow.totals().counted, 6);
    }

    function test_what_is_taken_back_counts_no_more_for_the_soft_cap() public {
        announce();
        enter(ALICE, 1 ether);
        vm.warp(OPENS + 14 days - 1);
        withdraw(ALICE, 1 ether);
        vm.warp(CLOSES - 1);
        enter(BOB, 1 ether);
        withdraw(BOB, 1 ether);
        vm.warp(CLOSES + 14 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoftCapMissed.selector, 0, 1 ether));
        escrow.settle();
    }

    /// 40 and 20 ask for 30. Without the 20 the 40 have three quarters of it.
    function test_a_pro_rata_sale() public {
        (t.overCap, t.verifier, t.hardCap) = (IEscrow.Misfit.Share, address(0), 30 ether);
        announce();
        again(ALICE, 40 ether);
        again(BOB, 15 ether);
        again(BOB, 5 ether);
        equal("two ask", escrow.totals().slack, 2);
        withdraw(BOB, 20 ether);
        equal("one asks", escrow.totals().slack, 1);
        vm.warp(CLOSES);
        escrow.settle();
        (uint256 tokens, uint256 change) = escrow.due(ALICE);
        equal("tokens", tokens, 30_000 ether);
        equal("change", change, 10 ether);
    }

    /// The last right is that of a contribution that was itself taken back.
    function test_the_sale_waits_for_the_last_right() public {
        announce();
        enter(ALICE, 2 ether);
        vm.warp(CLOSES - 1);
        enter(BOB, 1 ether);
        withdraw(BOB, 1 ether);
        vm.warp(CLOSES + 14 days - 2);
        vm.expectRevert(stillOpen(CLOSES + 14 days - 1));
        escrow.settle();
        vm.warp(CLOSES + 14 days - 1);
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("tokens", token.balanceOf(ALICE), 2_000 ether);
        escrow.draw();
        equal("drawn", BENEFICIARY.balance, 2 ether);
    }

    /// A sale below its soft cap is not given up while somebody may still take their own money back.
    function test_refunds_wait_for_the_last_right_too() public {
        announce();
        vm.warp(CLOSES - 1 days);
        enter(ALICE, 1 ether - 1);
        vm.warp(CLOSES + 13 days - 1);
        holds("not yet", !escrow.refundsOpen());
        vm.prank(ALICE);
        vm.expectRevert(nothing);
        escrow.refund();
        vm.warp(CLOSES + 13 days);
        holds("open", escrow.refundsOpen());
        vm.prank(ALICE);
        escrow.refund();
        equal("out", address(escrow).balance, 0);
    }

    function test_without_a_contribution_nothing_is_waited_for() public {
        t.softCap = 0;
        toOneDate(CLOSES + 5 days);
        announce();
        close();
        escrow.settle();
    }

    /// Whatever Bob brought and took back, the sale is as it would be without him. The dear price makes money that
    /// comes to no token, the odd one makes what is counted more than what is bought.
    function testFuzz_as_if_it_had_never_come(uint256 seed) public {
        (t.verifier, t.softCap, t.hardCap, t.forSale) = (address(0), 0, 10_000, 100_000);
        (t.priceNumerator, t.priceDenominator) = seed % 2 == 0 ? (7, 3) : (1, 25);
        announce();
        IEscrow without = escrow;
        announce();
        for (uint256 i = 0; i < 6; ++i) {
            uint256 amount = 1 + uint8(seed >> (8 * i)) % 40;
            address who = [ALICE, CAROL][i % 2];
            again(who, amount);
            vm.prank(who);
            without.contribute{value: amount}();
            again(BOB, 1 + uint8(seed >> (128 + 8 * i)) % 40);
            if (uint8(seed >> (200 + i)) % 3 == 0) {
                vm.prank(BOB);
                right().withdraw();
            }
        }
        uint256 left = escrow.account(BOB).accepted;
        if (left != 0) withdraw(BOB, left);
        equal("totals", uint256(keccak256(abi.encode(escrow.totals()))), uint256(keccak256(abi.encode(without.totals()))));
        vm.warp(CLOSES + 14 days);
        escrow.settle();
        without.settle();
        equal("settled", uint256(keccak256(abi.encode(escrow.totals()))), uint256(keccak256(abi.encode(without.totals()))));
    }

    function test_the_factories_refuse_what_is_not_theirs() public {
        announce();
        equal("span", escrow.terms().withdrawalSpan, 14 days);
        equal("until", escrow.terms().withdrawalUntil, 0);
        EscrowFactory both = factory;
        refuses(both, 0, 0);
        refuses(both, 14 days, CLOSES);
        refuses(both, DEADLINE - CLOSES + 1, 0);
        refuses(both, 0, DEADLINE);
        EscrowFactory plain = EscrowFactory(made("EscrowFactory", ""));
        refuses(plain, 14 days, 0);
        refuses(plain, 0, CLOSES);
        (t.withdrawalSpan, t.withdrawalUntil) = (DEADLINE - CLOSES, 0);
        announce();
        (t.withdrawalSpan, t.withdrawalUntil) = (0, DEADLINE - 1);
        announce();
        equal("until", escrow.terms().withdrawalUntil, DEADLINE - 1);
    }

    function refuses(EscrowFactory which, uint256 span, uint256 until) private {
        (t.withdrawalSpan, t.withdrawalUntil) = (span, until);
        vm.prank(ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(EscrowFactory.InvalidTerms.selector, EscrowFactory.Problem.Withdrawal)
        );
        which.announce(t, steps, plan());
    }
}
