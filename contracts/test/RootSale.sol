// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootEscrowFactory} from "../src/RootEscrowFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {Sale} from "./Sale.sol";

/// A sale that a root settles, with the tree that belongs to it.
abstract contract RootSale is Sale {
    RootEscrowFactory internal roots = RootEscrowFactory(made("RootEscrowFactory", ""));
    IRootEscrow internal sale;
    IRootEscrow.Terms internal r;
    IRootEscrow.Leaf[] internal leaves;
    /// Prices by time, where the terms say them so.
    RootEscrowFactory.PriceFrom[] internal priced;

    uint256 internal constant CHALLENGE = CLOSES + 1 days + 7 days;
    uint256 internal constant CLAIMS_END = CHALLENGE + 90 days;

    /// 1 to 100 coins, 10,000 tokens, at most a hundredth of a coin for a token; a fifth of the money makes a root void.
    function setUp() public virtual override {
        super.setUp();
        r.termsHash = keccak256("terms");
        r.issuer = ISSUER;
        r.beneficiary = BENEFICIARY;
        r.verifier = vm.addr(VERIFIER_KEY);
        r.opens = OPENS;
        r.closes = CLOSES;
        r.rootDeadline = DEADLINE;
        r.challengePeriod = 7 days;
        r.claimPeriod = 90 days;
        r.challengeShare = 2_000;
        r.softCap = 1 ether;
        r.hardCap = 100 ether;
        r.forSale = 10_000 ether;
        r.contributionMin = 10;
        r.contributionMax = NO_MAXIMUM;
        r.investorMax = NO_MAXIMUM;
        (r.floor, r.ceiling) = (1, 0.01 ether);
        r.priceUnit = 1 ether;
    }

    function announceRoot() internal {
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = roots.announce(r, priced, plan());
        (sale, token) = (IRootEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
    }

    function permit(address investor, uint256 max) internal view returns (IRootEscrow.Admission memory) {
        (uint8 v, bytes32 a, bytes32 b) = vm.sign(VERIFIER_KEY, sale.permitHash(investor, max, CLOSES));
        return IRootEscrow.Admission(max, CLOSES, abi.encodePacked(a, b, v));
    }

    function bid(address investor, uint256 amount, uint256 limit) internal {
        IRootEscrow.Admission memory shown = permit(investor, 50 ether);
        vm.prank(investor);
        sale.contributeAdmitted{value: amount}(amount, limit, shown);
    }

    /// Alice 6 coins, Bob 3, Carol 4, and the settlement at a thousandth of a coin for a token, which Bob did not want to pay.
    function threeBids() internal {
        announceRoot();
        bid(ALICE, 6 ether, 0.001 ether);
        bid(BOB, 3 ether, 0.0005 ether);
        bid(CAROL, 4 ether, 0.002 ether);
        leaves.push(IRootEscrow.Leaf(ALICE, 5_000 ether, 5 ether, 1 ether));
        leaves.push(IRootEscrow.Leaf(BOB, 0, 0, 3 ether));
        leaves.push(IRootEscrow.Leaf(CAROL, 4_000 ether, 4 ether, 0));
    }

    /// Posts the root of the leaves as they are, a day after the end.
    function post() internal {
        vm.warp(CLOSES + 1 days);
        bytes32 root = rootOf();
        vm.prank(ISSUER);
        sale.post(root);
    }

    function posted() internal {
        post();
        vm.warp(CHALLENGE);
    }

    function take(uint256 place) internal {
        sale.claim(leaves[place], proofOf(place));
    }

    function broken(uint256 place, IRootEscrow.Flaw flaw) internal {
        bytes32[] memory proof = proofOf(place);
        vm.expectRevert(abi.encodeWithSelector(IRootEscrow.BrokenLeaf.selector, flaw));
        sale.claim(leaves[place], proof);
        sale.refute(leaves[place], proof);
        equal("void", uint256(sale.outcome().phase), uint256(IRootEscrow.Phase.Void));
    }

    function refundOf(address investor, uint256 expected) internal {
        uint256 before = investor.balance;
        vm.prank(investor);
        sale.refund();
        equal("refunded", investor.balance - before, expected);
        vm.prank(investor);
        vm.expectRevert(IRootEscrow.NothingDue.selector);
        sale.refund();
    }

    function rootOf() internal view returns (bytes32) {
        bytes32[] memory layer = hashes();
        while (layer.length > 1) {
            layer = above(layer);
        }
        return layer[0];
    }

    /// Any tree of sorted pairs is one that the npm package's proofs are checked by; an odd node goes up as it is.
    function proofOf(uint256 place) internal view returns (bytes32[] memory proof) {
        bytes32[] memory layer = hashes();
        while (layer.length > 1) {
            uint256 other = place ^ 1;
            if (other < layer.length) proof = longer(proof, layer[other]);
            (layer, place) = (above(layer), place / 2);
        }
    }

    function hashes() private view returns (bytes32[] memory layer) {
        layer = new bytes32[](leaves.length);
        for (uint256 i = 0; i < layer.length; ++i) {
            layer[i] = sale.leafHash(leaves[i]);
        }
    }

    function above(bytes32[] memory layer) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((layer.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            bool odd = 2 * i + 1 == layer.length;
            next[i] = odd ? layer[2 * i] : Hashes.commutativeKeccak256(layer[2 * i], layer[2 * i + 1]);
        }
    }

    function longer(bytes32[] memory list_, bytes32 one) private pure returns (bytes32[] memory more) {
        more = new bytes32[](list_.length + 1);
        for (uint256 i = 0; i < list_.length; ++i) {
            more[i] = list_[i];
        }
        more[list_.length] = one;
    }
}
