// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {Sale} from "./Sale.sol";
import {Forcing, HostileToken, HostileWallet} from "./Hostile.sol";

/// Currencies and wallets that misbehave lose nothing for others. Hostile.tree lists them.
contract HostileTest is Sale {
    HostileToken private coin;

    function inTokens() private {
        coin = new HostileToken();
        t.currency = address(coin);
        t.softCap = 50 ether;
        announce();
        coin.mint(ALICE, 100 ether);
        coin.mint(BOB, 100 ether);
    }

    function enterWithToken(address investor, uint256 amount) private {
        IEscrow.Admission memory shown = admission(investor, 50 ether);
        vm.prank(investor);
        escrow.contributeTokenAdmitted(amount, shown);
    }

    /// Alice's payment is refused as this; nothing of it is remembered, and Bob pays as if nothing had been.
    function refusedOnTheWayIn(HostileToken.Way way, bytes memory refusal) private {
        coin.behave(way, ALICE);
        IEscrow.Admission memory shown = admission(ALICE, 50 ether);
        vm.prank(ALICE);
        vm.expectRevert(refusal);
        escrow.contributeTokenAdmitted(1 ether, shown);
        equal("nothing remembered", standingOf(ALICE), 0);
        coin.behave(HostileToken.Way.Honest, ALICE);
        enterWithToken(BOB, 1 ether);
        equal("held", coin.balanceOf(address(escrow)), escrow.totals().raised);
    }

    function received(uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.WrongAmountReceived.selector, amount, 1 ether);
    }

    function test_an_honest_one_and_one_that_returns_nothing_work() public {
        inTokens();
        coin.behave(HostileToken.Way.ReturnsNothing, ALICE);
        enterWithToken(ALICE, 1 ether);
        coin.behave(HostileToken.Way.Honest, ALICE);
        vm.prank(ALICE);
        escrow.contributeToken(1 ether);
        close();
        coin.behave(HostileToken.Way.ReturnsNothing, ALICE);
        vm.prank(ALICE);
        escrow.refund();
        equal("all back", coin.balanceOf(ALICE), 100 ether);
    }

    function test_one_that_takes_a_fee() public {
        inTokens();
        refusedOnTheWayIn(HostileToken.Way.TakesFee, received(1 ether - 1));
    }

    function test_one_that_gives_more() public {
        inTokens();
        refusedOnTheWayIn(HostileToken.Way.GivesMore, received(1 ether + 1));
    }

    function test_one_that_moves_nothing_and_says_yes() public {
        inTokens();
        refusedOnTheWayIn(HostileToken.Way.MovesNothing, received(0));
    }

    function test_one_that_says_no_on_the_way_in() public {
        inTokens();
        refusedOnTheWayIn(
            HostileToken.Way.SaysFalseOnTheWayIn,
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(coin))
        );
    }

    function test_one_that_calls_back_on_the_way_in() public {
        inTokens();
        coin.mint(address(coin), 100 ether);
        IEscrow.Admission memory shown = admission(address(coin), 50 ether);
        coin.callBackWith(abi.encodeCall(IEscrow.contributeTokenAdmitted, (1 ether, shown)));
        coin.behave(HostileToken.Way.CallsBackOnTheWayIn, ALICE);
        shown = admission(ALICE, 50 ether);
        vm.prank(ALICE);
        vm.expectRevert(received(2 ether));
        escrow.contributeTokenAdmitted(1 ether, shown);
        equal("nothing", escrow.totals().raised, 0);
    }

    function bothIn() private {
        inTokens();
        enterWithToken(ALICE, 3 ether);
        enterWithToken(BOB, 4 ether);
        close();
    }

    /// Alice cannot be paid now, Bob is, and Alice is paid once the fault is gone.
    function skipsAlice(HostileToken.Way way) private {
        bothIn();
        coin.behave(way, ALICE);
        escrow.refundMany(list(ALICE, BOB));
        equal("bob", coin.balanceOf(BOB), 100 ether);
        equal("alice", coin.balanceOf(ALICE), 97 ether);
        vm.prank(ALICE);
        (bool paid,) = address(escrow).call{gas: 1_000_000}(abi.encodeCall(IEscrow.refund, ()));
        holds("not paid", !paid);
        coin.behave(HostileToken.Way.Honest, ALICE);
        escrow.refundMany(list(ALICE, BOB));
        equal("alice at last", coin.balanceOf(ALICE), 100 ether);
    }

    function test_one_that_refuses_a_person() public {
        skipsAlice(HostileToken.Way.RefusesOnePerson);
    }

    function test_one_that_burns_all_gas() public {
        skipsAlice(HostileToken.Way.BurnsAllGas);
    }

    function test_one_that_returns_much() public {
        skipsAlice(HostileToken.Way.ReturnsMuch);
    }

    function test_one_that_says_no_on_the_way_out() public {
        bothIn();
        coin.behave(HostileToken.Way.SaysFalseOnTheWayOut, ALICE);
        escrow.refundMany(list(ALICE, BOB));
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.PaymentFailed.selector);
        escrow.refund();
        coin.behave(HostileToken.Way.Honest, ALICE);
        escrow.refundMany(list(ALICE, BOB));
        equal("all out", coin.balanceOf(address(escrow)), 0);
    }

    function test_one_that_calls_back_on_the_way_out() public {
        bothIn();
        coin.callBackWith(abi.encodeCall(IEscrow.refundMany, (list(ALICE, ALICE))));
        coin.behave(HostileToken.Way.CallsBackOnTheWayOut, ALICE);
        vm.prank(ALICE);
        escrow.refund();
        holds("called back", coin.calledBack());
        equal("once", coin.balanceOf(ALICE), 100 ether);
        equal("bob's is there", coin.balanceOf(address(escrow)), 4 ether);
    }

    function test_one_that_takes_balances_away_leaves_the_rest_due() public {
        bothIn();
        coin.burnFrom(address(escrow), 1 ether);
        escrow.refundMany(list(ALICE, BOB));
        equal("alice", coin.balanceOf(ALICE), 100 ether);
        equal("bob is still due", standingOf(BOB), uint256(IEscrow.Standing.Admitted));
        coin.mint(address(escrow), 1 ether);
        escrow.refundMany(list(ALICE, BOB));
        equal("bob", coin.balanceOf(BOB), 100 ether);
    }

    function test_one_that_gives_balances_away_changes_nothing() public {
        bothIn();
        coin.mint(address(escrow), 5 ether);
        escrow.refundMany(list(ALICE, BOB));
        equal("alice", coin.balanceOf(ALICE), 100 ether);
        equal("bob", coin.balanceOf(BOB), 100 ether);
    }

    function test_one_that_is_gone_pays_nobody_and_marks_nobody_paid() public {
        bothIn();
        bytes memory code = address(coin).code;
        vm.etch(address(coin), "");
        escrow.refundMany(list(ALICE, BOB));
        equal("due", standingOf(ALICE), uint256(IEscrow.Standing.Admitted));
        vm.etch(address(coin), code);
        escrow.refundMany(list(ALICE, BOB));
        equal("all out", coin.balanceOf(address(escrow)), 0);
    }

    /// Added to what is there it would wrap around to less than nothing.
    function test_an_amount_beyond_all_counters_is_refused_whatever_is_there() public {
        inTokens();
        enterWithToken(ALICE, 3 ether);
        uint256[4] memory amounts = [type(uint256).max, type(uint256).max - 3 ether + 1, 1 << 128, 1 << 80];
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(ALICE);
            vm.expectRevert(IEscrow.AmountTooLarge.selector);
            escrow.contributeToken(amounts[i]);
        }
        equal("as it was", escrow.account(ALICE).accepted, 3 ether);
        // One unit less is an amount, of which the permit lets 47 in.
        vm.prank(ALICE);
        escrow.contributeToken((1 << 80) - 1);
        equal("cut to the permit", escrow.account(ALICE).accepted, 50 ether);
    }

    function test_the_coin_and_the_token_are_not_mixed_up() public {
        inTokens();
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.WrongCurrency.selector);
        escrow.contribute{value: 1}();
        t.currency = address(0);
        announce();
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.WrongCurrency.selector);
        escrow.contributeToken(1);
    }

    // ------------------------------------------------------------------------------------------------- wallets

    function walletAndBob() private returns (HostileWallet wallet) {
        t.softCap = 50 ether;
        announce();
        wallet = new HostileWallet{value: 10 ether}(escrow);
        IEscrow.Admission memory shown = admission(address(wallet), 50 ether);
        wallet.contribute(shown, 10 ether);
        enter(BOB, 4 ether);
        close();
    }

    /// In a list the wallet is passed over, Bob is paid, and the wallet is paid once it takes money.
    function passedOver(HostileWallet.Way way) private {
        HostileWallet wallet = walletAndBob();
        wallet.behave(way);
        escrow.refundMany(list(address(wallet), BOB));
        equal("bob", BOB.balance, 1_000 ether);
        equal("wallet", address(wallet).balance, 0);
        equal("due", standingOf(address(wallet)), uint256(IEscrow.Standing.Admitted));
        wallet.behave(HostileWallet.Way.Takes);
        wallet.refund();
        equal("wallet at last", address(wallet).balance, 10 ether);
    }

    function setUp() public override {
        super.setUp();
        vm.deal(address(this), 100 ether);
    }

    function test_a_wallet_that_refuses() public {
        passedOver(HostileWallet.Way.Refuses);
    }

    function test_a_wallet_that_burns_all_gas() public {
        passedOver(HostileWallet.Way.BurnsAllGas);
    }

    function test_a_wallet_that_returns_much() public {
        passedOver(HostileWallet.Way.ReturnsMuch);
    }

    function test_a_wallet_that_asks_again_while_it_is_paid() public {
        passedOver(HostileWallet.Way.AsksAgain);
    }

    function test_a_wallet_that_asks_by_list_while_it_is_paid_is_paid_once() public {
        HostileWallet wallet = walletAndBob();
        wallet.behave(HostileWallet.Way.AsksByList);
        wallet.refund();
        equal("once", address(wallet).balance, 10 ether);
        equal("bob's is there", address(escrow).balance, 4 ether);
    }

    function test_a_wallet_that_contributes_again_with_its_change() public {
        t.hardCap = 5 ether;
        announce();
        HostileWallet wallet = new HostileWallet{value: 10 ether}(escrow);
        IEscrow.Admission memory shown = admission(address(wallet), 50 ether);
        wallet.behave(HostileWallet.Way.ContributesAgain);
        vm.expectRevert(IEscrow.ChangeRefused.selector);
        wallet.contribute(shown, 6 ether);
        equal("nothing", escrow.totals().raised, 0);
    }

    function test_forced_coin_changes_nothing() public {
        walletAndBob();
        new Forcing{value: 50 ether}(payable(address(escrow)));
        equal("raised", escrow.totals().raised, 14 ether);
        holds("refunds", escrow.refundsOpen());
    }

    /// Whatever gas a caller gives, an entry is paid in full or as it was.
    function testFuzz_thrift_marks_nobody_paid(uint256 gasGiven) public {
        HostileWallet wallet = walletAndBob();
        gasGiven = 20_000 + gasGiven % 400_000;
        (bool done,) = address(escrow).call{gas: gasGiven}(
            abi.encodeCall(IEscrow.refundMany, (list(address(wallet), BOB)))
        );
        bool paid = escrow.account(address(wallet)).accepted == 0;
        holds("all or nothing", paid == done);
        equal("as marked", address(wallet).balance, paid ? 10 ether : 0);
    }
}
