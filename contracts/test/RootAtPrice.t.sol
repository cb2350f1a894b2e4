// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootSale} from "./RootSale.sol";

/// RootEscrow.tree: a sale at the price of the terms whose parts come as a root, such as a lottery or equal parts.
contract RootAtPriceTest is RootSale {
    /// A thousandth of a coin for a token, 9 coins for 9,000 tokens.
    function setUp() public override {
        super.setUp();
        (r.floor, r.ceiling) = (0.001 ether, 0.001 ether);
        (r.hardCap, r.forSale) = (9 ether, 9_000 ether);
    }

    function pays(address investor, uint256 amount) private {
        bid(investor, amount, r.ceiling);
    }

    /// Alice 6 coins, Bob 3, Carol 4.
    function threePay() private {
        announceRoot();
        pays(ALICE, 6 ether);
        pays(BOB, 3 ether);
        pays(CAROL, 4 ether);
    }

    function row(address investor, uint256 accepted, uint256 contributed) private {
        leaves.push(IRootEscrow.Leaf(investor, accepted * 1_000, accepted, contributed - accepted));
    }

    /// Alice and Bob were drawn.
    function drawn() private {
        threePay();
        row(ALICE, 6 ether, 6 ether);
        row(BOB, 3 ether, 3 ether);
        row(CAROL, 0, 4 ether);
    }

    function test_a_draw() public {
        drawn();
        posted();
        for (uint256 i = 0; i < 3; ++i) {
            take(i);
        }
        equal("alice", token.balanceOf(ALICE), 6_000 ether);
        equal("bob", token.balanceOf(BOB), 3_000 ether);
        equal("carol has her money", CAROL.balance, 1_000 ether);
        sale.draw();
        equal("drawn", BENEFICIARY.balance, 9 ether);
        equal("empty", address(sale).balance, 0);
        equal("nothing unsold", token.balanceOf(address(sale)), 0);
    }

    function test_a_part_for_everybody() public {
        threePay();
        row(ALICE, 3 ether, 6 ether);
        row(BOB, 3 ether, 3 ether);
        row(CAROL, 3 ether, 4 ether);
        posted();
        for (uint256 i = 0; i < 3; ++i) {
            take(i);
        }
        equal("alice's rest", ALICE.balance, 997 ether);
        equal("carol", token.balanceOf(CAROL), 3_000 ether);
        sale.draw();
        equal("empty", address(sale).balance, 0);
    }

    function test_a_root_that_gives_nothing() public {
        drawn();
        leaves[0].tokens = 0;
        posted();
        broken(0, IRootEscrow.Flaw.Price);
        refundOf(ALICE, 6 ether);
    }

    /// A unit less than the price is too little for one contribution; each further one may lack a unit.
    function test_a_root_above_the_price() public {
        threePay();
        pays(CAROL, 1 ether);
        row(ALICE, 3 ether, 6 ether);
        row(BOB, 2 ether, 3 ether);
        row(CAROL, 4 ether, 5 ether);
        leaves[0].tokens -= 1;
        leaves[2].tokens -= 1;
        posted();
        take(2);
        broken(0, IRootEscrow.Flaw.Price);
        refundOf(ALICE, 6 ether);
    }

    /// What the terms sell for more than the price of the root is more tokens, which nobody is refused.
    function test_a_root_below_the_price() public {
        threePay();
        row(ALICE, 1 ether, 6 ether);
        leaves[0].tokens += 1 ether;
        posted();
        take(0);
        equal("alice", token.balanceOf(ALICE), 1_001 ether);
    }

    function test_a_root_that_swaps_winner_and_loser() public {
        drawn();
        (leaves[1].investor, leaves[2].investor) = (CAROL, BOB);
        posted();
        broken(1, IRootEscrow.Flaw.Sum);
        refundOf(BOB, 3 ether);
        refundOf(CAROL, 4 ether);
    }

    function test_a_root_that_takes_from_the_winner() public {
        drawn();
        leaves[0] = IRootEscrow.Leaf(ALICE, 6_000 ether, 6 ether, 1);
        posted();
        broken(0, IRootEscrow.Flaw.Sum);
        refundOf(ALICE, 6 ether);
    }

    function test_a_root_of_another_sale() public {
        drawn();
        leaves[2] = IRootEscrow.Leaf(ISSUER, 4_000 ether, 4 ether, 0);
        posted();
        sale.refute(leaves[2], proofOf(2));
        equal("void", uint256(sale.outcome().phase), uint256(IRootEscrow.Phase.Void));
        refundOf(CAROL, 4 ether);
    }

    /// All three won, and there are 9,000 tokens for 9 coins.
    function test_a_root_that_overstates() public {
        drawn();
        leaves[2] = IRootEscrow.Leaf(CAROL, 4_000 ether, 4 ether, 0);
        posted();
        take(0);
        take(1);
        broken(2, IRootEscrow.Flaw.Supply);
        refundOf(CAROL, 4 ether);
        sale.draw();
        equal("what was proved", BENEFICIARY.balance, 9 ether);
        equal("empty", address(sale).balance, 0);
    }

    function test_a_root_that_overstates_the_money() public {
        r.forSale = 20_000 ether;
        drawn();
        leaves[2] = IRootEscrow.Leaf(CAROL, 4_000 ether, 4 ether, 0);
        posted();
        take(0);
        take(1);
        broken(2, IRootEscrow.Flaw.HardCap);
        refundOf(CAROL, 4 ether);
    }

    /// Whatever the issuer accepts of whom: who has a sound leaf has the tokens at the price, all others their money.
    function testFuzz_nobody_pays_more_than_the_price(uint256 seed, uint8 lack) public {
        threePay();
        address[3] memory people = [ALICE, BOB, CAROL];
        uint256[3] memory paid = [uint256(6 ether), 3 ether, 4 ether];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 accepted = uint256(keccak256(abi.encode(seed, i))) % (paid[i] + 1);
            row(people[i], accepted, paid[i]);
            if (i == 0 && leaves[0].tokens >= lack) leaves[0].tokens -= lack;
        }
        posted();
        for (uint256 i = 0; i < 3; ++i) {
            (bool done,) = address(sale).call(abi.encodeCall(IRootEscrow.claim, (leaves[i], proofOf(i))));
            if (done) holds("price", token.balanceOf(people[i]) >= leaves[i].accepted * 1_000);
            else equal("nothing", token.balanceOf(people[i]), 0);
        }
        IRootEscrow.Outcome memory o = sale.outcome();
        holds("within the terms", o.tokens <= 9_000 ether && o.accepted <= 9 ether);
        vm.warp(CLAIMS_END);
        sale.refundMany(list(ALICE, BOB));
        sale.refundMany(list(CAROL, ISSUER));
        equal("what nobody took back was accepted", address(sale).balance, o.accepted < r.softCap ? 0 : o.accepted);
    }
}
