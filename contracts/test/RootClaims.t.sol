// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootSale} from "./RootSale.sol";

/// A wallet that misbehaves in one way when it gets coin.
contract RootWallet {
    enum Way {
        Takes,
        Refuses,
        BurnsAllGas,
        AsksAgain
    }

    Way public way;

    function behave(Way way_) external {
        way = way_;
    }

    function contribute(IRootEscrow sale, IRootEscrow.Admission calldata shown) external {
        sale.contributeAdmitted{value: 3 ether}(3 ether, 0.0005 ether, shown);
    }

    function refund(IRootEscrow sale) external {
        sale.refund();
    }

    receive() external payable {
        if (way == Way.Refuses) revert("refused");
        if (way == Way.BurnsAllGas) while (true) {}
        if (way == Way.AsksAgain) IRootEscrow(msg.sender).refund();
    }
}

/// RootEscrow.tree: how a root is paid out, and what a wrong one can do.
contract RootClaimsTest is RootSale {
    function refuses(bytes4 code) private {
        vm.expectRevert(code);
    }

    function refuses(bytes4 code, uint256 number) private {
        vm.expectRevert(abi.encodeWithSelector(code, number));
    }

    function test_the_tree_of_the_npm_package() public {
        threeBids();
        vm.warp(CLOSES + 1 days);
        vm.prank(ISSUER);
        // Root and proofs from StandardMerkleTree.of(rows, ["address", "uint256", "uint256", "uint256"]).
        sale.post(0x82958c2f5483f4c8b046fcc8775e6eaba9306e803c61dca82c6bfdf6b6cc7338);
        vm.warp(CHALLENGE);
        bytes32[] memory one = new bytes32[](1);
        one[0] = 0x83ecb3239dd3c3d45ba1ab35352da8d030d07dea50935deabde3003e5008248c;
        sale.claim(leaves[0], one);
        bytes32[] memory two = new bytes32[](2);
        two[1] = 0xb5a3cbc7b78188c490f7d154f738bc5d883cfeddc43c0a2197b0dd255a746b25;
        two[0] = 0x853716a00e3bc96ec19180e29aeee424d51b764ae54d5a35fdf8feae1f47e8e9;
        sale.claim(leaves[1], two);
        two[0] = 0x6415987de71a85f9d278966a158c0d5cc968c5fbde5a75b74192415538062092;
        sale.claim(leaves[2], two);
        equal("alice", token.balanceOf(ALICE), 5_000 ether);
        equal("alice's money", ALICE.balance, 995 ether);
        equal("bob's", BOB.balance, 1_000 ether);
        equal("carol", token.balanceOf(CAROL), 4_000 ether);
        sale.draw();
        equal("drawn", BENEFICIARY.balance, 9 ether);
        equal("empty", address(sale).balance, 0);
    }

    function test_when_leaves_count() public {
        threeBids();
        vm.warp(CLOSES);
        bytes32[] memory proof = proofOf(0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.WrongPhase.selector, IRootEscrow.Phase.Sale));
        sale.claim(leaves[0], proof);
        post();
        refuses(IRootEscrow.ChallengeOpen.selector, CHALLENGE);
        sale.claim(leaves[0], proof);
        vm.warp(CLAIMS_END - 1);
        take(0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Proved));
        sale.claim(leaves[0], proof);
        vm.warp(CLAIMS_END);
        proof = proofOf(1);
        refuses(IRootEscrow.ClaimsOver.selector, CLAIMS_END);
        sale.claim(leaves[1], proof);
        refuses(IRootEscrow.ClaimsOver.selector, CLAIMS_END);
        sale.refute(leaves[1], proof);
    }

    function test_what_is_not_in_the_root() public {
        threeBids();
        posted();
        IRootEscrow.Leaf memory more = leaves[0];
        more.tokens += 1;
        bytes32[] memory proof = proofOf(0);
        refuses(IRootEscrow.WrongProof.selector);
        sale.claim(more, proof);
        refuses(IRootEscrow.WrongProof.selector);
        sale.refute(more, proof);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[0], proof);
        more.investor = ISSUER;
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Unknown));
        sale.claim(more, proof);
        take(0);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[0], proof);
    }

    function test_a_revoked_investor_without_money_has_nothing_to_claim() public {
        threeBids();
        vm.prank(ISSUER);
        sale.revoke(ISSUER);
        leaves.push(IRootEscrow.Leaf(ISSUER, 0, 0, 0));
        posted();
        bytes32[] memory proof = proofOf(3);
        refuses(IRootEscrow.NothingDue.selector);
        sale.claim(leaves[3], proof);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[3], proof);
    }

    // --------------------------------------------------------------------------------------- what a root may not say

    function test_a_root_that_gives_nothing() public {
        threeBids();
        leaves[0] = IRootEscrow.Leaf(ALICE, 0, 6 ether, 0);
        posted();
        broken(0, IRootEscrow.Flaw.Price);
        refundOf(ALICE, 6 ether);
        sale.refundMany(list(BOB, CAROL));
        equal("empty", address(sale).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.SoftCapMissed.selector, 0, 1 ether));
        sale.draw();
    }

    /// At her limit, a thousandth, 5 coins are 5,000 tokens; several contributions may lack a unit less than they are.
    function test_a_root_that_gives_too_little() public {
        threeBids();
        vm.warp(OPENS);
        bid(CAROL, 1 ether, 0.002 ether);
        leaves[0].tokens = 5_000 ether - 1;
        leaves[2] = IRootEscrow.Leaf(CAROL, 2_500 ether - 1, 5 ether, 0);
        posted();
        take(2);
        broken(0, IRootEscrow.Flaw.Price);
        refundOf(ALICE, 6 ether);
        sale.draw();
        equal("what was proved", BENEFICIARY.balance, 5 ether);
    }

    function test_a_root_that_gives_tokens_for_nothing() public {
        threeBids();
        leaves[1].tokens = 1;
        posted();
        broken(1, IRootEscrow.Flaw.Price);
    }

    function test_a_root_that_swaps_two_people() public {
        threeBids();
        (leaves[0].investor, leaves[2].investor) = (CAROL, ALICE);
        posted();
        broken(0, IRootEscrow.Flaw.Sum);
        refundOf(ALICE, 6 ether);
        refundOf(CAROL, 4 ether);
    }

    /// What no contract sees: both put in the same. The challenge period is for that.
    function test_a_root_that_swaps_two_equal_contributions() public {
        announceRoot();
        bid(ALICE, 4 ether, 0.002 ether);
        bid(BOB, 4 ether, 0.001 ether);
        leaves.push(IRootEscrow.Leaf(BOB, 4_000 ether, 4 ether, 0));
        leaves.push(IRootEscrow.Leaf(ALICE, 0, 0, 4 ether));
        post();
        bytes32[] memory proof = proofOf(0);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[0], proof);
        vm.prank(ALICE);
        sale.object();
        refundOf(ALICE, 4 ether);
        refundOf(BOB, 4 ether);
    }

    function test_a_root_of_another_sale() public {
        threeBids();
        leaves[0] = IRootEscrow.Leaf(ALICE, 7_000 ether, 7 ether, 1 ether);
        posted();
        broken(0, IRootEscrow.Flaw.Sum);
        refundOf(ALICE, 6 ether);
    }

    function test_a_root_with_somebody_of_another_sale() public {
        threeBids();
        leaves[1] = IRootEscrow.Leaf(ISSUER, 7_000 ether, 7 ether, 1 ether);
        posted();
        bytes32[] memory proof = proofOf(1);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Unknown));
        sale.claim(leaves[1], proof);
        sale.refute(leaves[1], proof);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.WrongPhase.selector, IRootEscrow.Phase.Void));
        sale.refute(leaves[1], proof);
        refundOf(BOB, 3 ether);
    }

    /// 10,000 are for sale, the leaves say 5,000 and 5,001.
    function test_a_root_that_overstates_the_tokens() public {
        threeBids();
        leaves[2].tokens = 5_000 ether + 1;
        posted();
        take(0);
        broken(2, IRootEscrow.Flaw.Supply);
        refundOf(CAROL, 4 ether);
        refundOf(BOB, 3 ether);
        sale.draw();
        equal("what alice accepted", BENEFICIARY.balance, 5 ether);
        equal("empty", address(sale).balance, 0);
    }

    function test_a_root_that_overstates_the_money() public {
        r.hardCap = 9 ether - 1;
        threeBids();
        posted();
        take(0);
        broken(2, IRootEscrow.Flaw.HardCap);
        refundOf(CAROL, 4 ether);
    }

    function test_a_root_that_names_somebody_returned() public {
        threeBids();
        vm.startPrank(ISSUER);
        sale.returnMoney(ALICE, IRootEscrow.Reason.Discretion);
        sale.returnMoney(BOB, IRootEscrow.Reason.Discretion);
        vm.stopPrank();
        refundOf(BOB, 3 ether);
        posted();
        bytes32[] memory proof = proofOf(1);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[1], proof);
        proof = proofOf(0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Returned));
        sale.claim(leaves[0], proof);
        sale.refute(leaves[0], proof);
        refundOf(ALICE, 6 ether);
    }

    function test_a_root_that_leaves_somebody_out() public {
        threeBids();
        leaves.pop();
        posted();
        take(0);
        take(1);
        sale.draw();
        vm.prank(CAROL);
        refuses(IRootEscrow.NothingDue.selector);
        sale.refund();
        vm.warp(CLAIMS_END);
        refundOf(CAROL, 4 ether);
        equal("empty", address(sale).balance, 0);
    }

    // -------------------------------------------------------------------------------------------- emptied accounts

    /// Bob's leaf gives all back. His account is empty, and nothing that it is used for again gives or breaks anything.
    function test_a_leaf_that_leaves_nothing_due_empties_the_account() public {
        threeBids();
        posted();
        take(1);
        isEmpty(BOB);
        bytes32[] memory proof = proofOf(1);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Unknown));
        sale.claim(leaves[1], proof);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[1], proof);
        // Not even the issuer can make a sound leaf look wrong afterwards, and leave the sale by it.
        vm.prank(ISSUER);
        sale.revoke(BOB);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[1], proof);
        refuses(IRootEscrow.NothingDue.selector);
        sale.claim(leaves[1], proof);
        vm.warp(CLAIMS_END);
        vm.prank(BOB);
        refuses(IRootEscrow.NothingDue.selector);
        sale.refund();
        equal("once", BOB.balance, 1_000 ether);
    }

    /// Whoever was paid gets nothing more when a wrong leaf of somebody else makes the root void.
    function test_a_void_root_gives_an_emptied_account_nothing() public {
        threeBids();
        leaves[0].tokens = 1;
        posted();
        take(1);
        broken(0, IRootEscrow.Flaw.Price);
        sale.refundMany(list(BOB, ALICE));
        vm.prank(BOB);
        refuses(IRootEscrow.NothingDue.selector);
        sale.refund();
        equal("bob once", BOB.balance, 1_000 ether);
        isEmpty(ALICE);
        refundOf(CAROL, 4 ether);
        isEmpty(CAROL);
        equal("empty", address(sale).balance, 0);
    }

    /// Accepted money may have to go back, so such an account stays until it did.
    function test_an_account_with_accepted_money_stays() public {
        r.softCap = 7 ether;
        threeBids();
        posted();
        take(0);
        equal("proved", uint256(sale.account(ALICE).standing), uint256(IRootEscrow.Standing.Proved));
        vm.warp(CLAIMS_END);
        refundOf(ALICE, 5 ether);
        isEmpty(ALICE);
    }

    /// A stranger's leaf that says money back gives nothing, so it is no flaw. One that says more is.
    function test_a_leaf_of_a_stranger() public {
        threeBids();
        leaves.push(IRootEscrow.Leaf(ISSUER, 0, 0, 5 ether));
        leaves.push(IRootEscrow.Leaf(BENEFICIARY, 1, 0, 5 ether));
        posted();
        bytes32[] memory proof = proofOf(3);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.NotAllowed.selector, IRootEscrow.Standing.Unknown));
        sale.claim(leaves[3], proof);
        refuses(IRootEscrow.SoundLeaf.selector);
        sale.refute(leaves[3], proof);
        proof = proofOf(4);
        sale.refute(leaves[4], proof);
        equal("void", uint256(sale.outcome().phase), uint256(IRootEscrow.Phase.Void));
    }

    function isEmpty(address investor) private view {
        IRootEscrow.Account memory a = sale.account(investor);
        equal("empty", uint256(a.cap) + a.contributed + a.limit + a.count, 0);
        equal("unknown", uint256(a.standing), uint256(IRootEscrow.Standing.Unknown));
    }

    // ------------------------------------------------------------------------------------------------- sums and ends

    /// The soft cap is 7: Alice's 5 are not enough to draw, and when no leaf can come any more they go back as well.
    function test_less_than_the_soft_cap_is_proved() public {
        r.softCap = 7 ether;
        threeBids();
        posted();
        take(0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.SoftCapMissed.selector, 5 ether, 7 ether));
        sale.draw();
        vm.prank(ALICE);
        refuses(IRootEscrow.NothingDue.selector);
        sale.refund();
        vm.warp(CLAIMS_END);
        refundOf(ALICE, 5 ether);
        sale.refundMany(list(BOB, CAROL));
        equal("empty", address(sale).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.SoftCapMissed.selector, 5 ether, 7 ether));
        sale.draw();
    }

    function test_draw_as_often_as_there_is_more() public {
        threeBids();
        posted();
        take(2);
        sale.draw();
        equal("carol's", BENEFICIARY.balance, 4 ether);
        refuses(IRootEscrow.NothingDue.selector);
        sale.draw();
        take(0);
        vm.etch(BENEFICIARY, hex"fe");
        refuses(IRootEscrow.PaymentFailed.selector);
        sale.draw();
        vm.etch(BENEFICIARY, "");
        sale.draw();
        equal("alice's too", BENEFICIARY.balance, 9 ether);
    }

    function test_tokens_nobody_bought() public {
        threeBids();
        posted();
        take(0);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.WrongPhase.selector, IRootEscrow.Phase.Posted));
        sale.takeUnsold();
        vm.warp(CLAIMS_END);
        sale.takeUnsold();
        equal("burned", token.totalSupply(), 55_000 ether);
        refuses(IRootEscrow.NothingDue.selector);
        sale.takeUnsold();
        r.treasury = address(0x7EA5);
        delete leaves;
        vm.warp(OPENS);
        threeBids();
        vm.prank(ISSUER);
        sale.cancel();
        sale.takeUnsold();
        equal("treasury", token.balanceOf(r.treasury), 10_000 ether);
    }

    // --------------------------------------------------------------------------------------------------- wallets

    /// Half a thousandth of a coin for each; none: all his money goes back.
    uint256 private bobsTokens = 2_000 ether;

    function bobIsAContract(RootWallet.Way way) private {
        vm.etch(BOB, address(new RootWallet()).code);
        RootWallet(payable(BOB)).behave(RootWallet.Way.Takes);
        announceRoot();
        bid(ALICE, 6 ether, 0.001 ether);
        RootWallet(payable(BOB)).contribute(sale, permit(BOB, 50 ether));
        leaves.push(IRootEscrow.Leaf(ALICE, 5_000 ether, 5 ether, 1 ether));
        leaves.push(IRootEscrow.Leaf(BOB, bobsTokens, bobsTokens / 2_000, 3 ether - bobsTokens / 2_000));
        posted();
        RootWallet(payable(BOB)).behave(way);
    }

    function both() private view returns (IRootEscrow.Leaf[] memory two, bytes32[][] memory proofs) {
        (two, proofs) = (new IRootEscrow.Leaf[](2), new bytes32[][](2));
        for (uint256 i = 0; i < 2; ++i) {
            (two[i], proofs[i]) = (leaves[1 - i], proofOf(1 - i));
        }
    }

    function laterPaid(RootWallet.Way way) private {
        bobIsAContract(way);
        (IRootEscrow.Leaf[] memory two, bytes32[][] memory proofs) = both();
        sale.distribute(two, proofs);
        equal("alice", ALICE.balance, 995 ether);
        uint256 back = 3 ether - bobsTokens / 2_000;
        equal("bob's tokens", token.balanceOf(BOB), bobsTokens);
        equal("bob's money stays due", sale.account(BOB).contributed, back);
        sale.refundMany(list(BOB, ALICE));
        equal("still", sale.account(BOB).contributed, back);
        RootWallet(payable(BOB)).behave(RootWallet.Way.Takes);
        RootWallet(payable(BOB)).refund(sale);
        sale.refundMany(list(BOB, ALICE));
        equal("once", BOB.balance, 997 ether + back);
        equal("empty where nothing was accepted", sale.account(BOB).count, bobsTokens == 0 ? 0 : 1);
        sale.draw();
        equal("empty", address(sale).balance, 0);
    }

    function test_a_wallet_that_refuses() public {
        laterPaid(RootWallet.Way.Refuses);
    }

    function test_a_wallet_that_burns_all_gas() public {
        laterPaid(RootWallet.Way.BurnsAllGas);
    }

    function test_a_wallet_that_asks_again() public {
        laterPaid(RootWallet.Way.AsksAgain);
    }

    function test_a_wallet_that_does_not_take_all_its_money_keeps_it_due() public {
        bobsTokens = 0;
        laterPaid(RootWallet.Way.Refuses);
    }

    function test_a_wallet_that_asks_again_for_all_its_money() public {
        bobsTokens = 0;
        laterPaid(RootWallet.Way.AsksAgain);
    }

    function test_a_list_skips_what_is_not_due() public {
        bobIsAContract(RootWallet.Way.Takes);
        take(1);
        (IRootEscrow.Leaf[] memory two, bytes32[][] memory proofs) = both();
        proofs[1] = new bytes32[](0);
        sale.distribute(two, proofs);
        equal("alice's proof is none", token.balanceOf(ALICE), 0);
        equal("bob once", token.balanceOf(BOB), 2_000 ether);
        refuses(IRootEscrow.DifferentLengths.selector);
        sale.distribute(two, new bytes32[][](1));
    }

    function test_thrift_marks_nobody_paid() public {
        threeBids();
        posted();
        bytes memory call = abi.encodeCall(IRootEscrow.claim, (leaves[0], proofOf(0)));
        bool done;
        for (uint256 gas_ = 60_000; !done; gas_ += 10_000) {
            (done,) = address(sale).call{gas: gas_}(call);
            equal("all or nothing", token.balanceOf(ALICE), done ? 5_000 ether : 0);
            equal("money as well", ALICE.balance, done ? 995 ether : 994 ether);
        }
        vm.warp(CLAIMS_END);
        call = abi.encodeCall(IRootEscrow.refundMany, (list(BOB, CAROL)));
        done = false;
        for (uint256 gas_ = 60_000; !done; gas_ += 10_000) {
            (done,) = address(sale).call{gas: gas_}(call);
            equal("bob", BOB.balance, done ? 1_000 ether : 997 ether);
        }
    }

    function test_a_caller_who_spares_gas_hears_why() public {
        threeBids();
        posted();
        bytes memory call = abi.encodeCall(IRootEscrow.claim, (leaves[0], proofOf(0)));
        (bool done, bytes memory answer) = address(sale).call{gas: 150_000}(call);
        holds("refused", !done && bytes4(answer) == IRootEscrow.NotEnoughGas.selector);
    }

    function test_who_cannot_be_paid_by_a_refund_keeps_the_claim() public {
        threeBids();
        vm.warp(DEADLINE);
        vm.etch(BOB, hex"fe");
        vm.prank(BOB);
        refuses(IRootEscrow.PaymentFailed.selector);
        sale.refund();
        vm.etch(BOB, "");
        refundOf(BOB, 3 ether);
    }
}
