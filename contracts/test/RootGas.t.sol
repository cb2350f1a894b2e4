// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IRootEscrow} from "../src/IRootEscrow.sol";
import {RootEscrowFactory} from "../src/RootEscrowFactory.sol";
import {AfterSales} from "./AfterSales.sol";
import {RootSale} from "./RootSale.sol";

/// Measures settlement by root, milestones and vesting as transactions of their own, and holds them against their bars.
contract RootGasTest is AfterSales, RootSale {
    struct Row {
        string name;
        uint256 bar;
        string peers;
        uint256 gas;
    }

    Row[] private rows;
    /// The tree has 64 real leaves, below hashes of which nothing is known: as deep as one of a million.
    uint256 private constant MORE_LEVELS = 14;

    function setUp() public override(AfterSales, RootSale) {
        super.setUp();
    }

    function note(string memory name, uint256 bar, string memory peers, uint256 times) private {
        rows.push(Row(name, bar, peers, vm.lastCallGas().gasTotalUsed / times));
    }

    function test_every_operation_against_its_bar() public {
        rootSale();
        voidRoot();
        byTime();
        afterSale();
        string memory page = table();
        if (vm.envOr("SOFTCAP_WRITE_GAS", false)) vm.writeFile("GAS-AFTER-SALE.md", page);
        equal(
            "GAS-AFTER-SALE.md is what is measured",
            uint256(keccak256(bytes(vm.readFile("GAS-AFTER-SALE.md")))),
            uint256(keccak256(bytes(page)))
        );
    }

    function deepRoot() private view returns (bytes32 root) {
        root = rootOf();
        for (uint256 i = 0; i < MORE_LEVELS; ++i) {
            root = Hashes.commutativeKeccak256(root, keccak256(abi.encode(i)));
        }
    }

    function deepProof(uint256 place) private view returns (bytes32[] memory proof) {
        bytes32[] memory low = proofOf(place);
        proof = new bytes32[](low.length + MORE_LEVELS);
        for (uint256 i = 0; i < proof.length; ++i) {
            proof[i] = i < low.length ? low[i] : keccak256(abi.encode(i - low.length));
        }
        equal("levels", proof.length, 20);
    }

    /// Where the price depends on time, what comes in is noted with the price of its second.
    function byTime() private {
        IRootEscrow.Terms memory before = r;
        r.floor = r.ceiling;
        for (uint256 i = 0; i < 32; ++i) {
            priced.push(RootEscrowFactory.PriceFrom(OPENS + i * 1 hours, r.ceiling - i));
        }
        vm.prank(ISSUER);
        roots.announce(r, priced, plan());
        note("deploy one offering, escrow by root with 32 prices, and token", 900_000, "", 1);
        announceRoot();
        bid(BOB, 1 ether, r.ceiling);
        bid(ALICE, 1 ether, r.ceiling);
        note("contribute ETH, first, with permit check, 32 prices by time", 0, "", 1);
        vm.prank(ALICE);
        sale.contribute{value: 1 ether}(1 ether, r.ceiling);
        note("contribute again, 32 prices by time", 0, "", 1);
        delete priced;
        r = before;
        vm.warp(OPENS - 1 days);
    }

    function rootSale() private {
        r.forSale = 20_000 ether;
        vm.prank(ISSUER);
        roots.announce(r, priced, plan());
        note("deploy one offering, escrow by root and token", 900_000, "", 1);
        threeBids();
        for (uint160 i = 0; i < 61; ++i) {
            vm.deal(address(0xF0000 + i), 2 ether);
            bid(address(0xF0000 + i), 0.1 ether, 0.001 ether);
            leaves.push(IRootEscrow.Leaf(address(0xF0000 + i), 60 ether, 0.06 ether, 0.04 ether));
        }
        note("contribute ETH with a price limit, first, with permit check", 0, "CCA bid 280,759", 1);
        vm.prank(ALICE);
        sale.contribute{value: 1 ether}(1 ether, 0.001 ether);
        note("contribute again", 0, "", 1);
        leaves[0].refunded += 1 ether;
        vm.warp(CLOSES + 1 days);
        bytes32 root = deepRoot();
        vm.prank(ISSUER);
        sale.post(root);
        note("post a root", 0, "", 1);
        vm.warp(CHALLENGE);
        bytes32[][] memory proofs = new bytes32[][](50);
        IRootEscrow.Leaf[] memory list_ = new IRootEscrow.Leaf[](50);
        for (uint256 i = 0; i < 50; ++i) {
            (list_[i], proofs[i]) = (leaves[i + 10], deepProof(i + 10));
        }
        sale.distribute(list_, proofs);
        note("distribute by root, tokens and refund, per holder in lists of 50, 1 M leaves", 0, "", 50);
        bytes32[] memory proof = deepProof(2);
        vm.prank(CAROL);
        sale.claim(leaves[2], proof);
        note("claim by root, new token holder, 1 M leaves", 97_000, "Uniswap 94,327 (no checks); Sablier 110,468", 1);
        proof = deepProof(0);
        vm.prank(ALICE);
        sale.claim(leaves[0], proof);
        note("claim by root with a refund, 1 M leaves", 0, "CCA exit and claim 151,334", 1);
        proof = deepProof(1);
        vm.prank(BOB);
        sale.claim(leaves[1], proof);
        note("refund by root, 1 M leaves", 57_000, "CCA 61,372", 1);
        sale.draw();
        note("draw", 0, "", 1);
    }

    function voidRoot() private {
        delete leaves;
        vm.warp(OPENS - 1 days);
        threeBids();
        leaves[0].tokens = 1;
        post();
        bytes32[] memory proof = proofOf(0);
        sale.refute(leaves[0], proof);
        note("refute a leaf that breaks a rule", 0, "", 1);
        vm.prank(ALICE);
        sale.refund();
        note("refund after a void root", 0, "", 1);
    }

    function afterSale() private {
        vm.warp(OPENS - 1 days);
        vm.prank(ISSUER);
        offerings.announceWithAfterSale(t, steps, plan(), release, vestings);
        note("deploy one offering with three milestones and a vesting share", 0, "", 1);
        sold();
        vm.prank(ISSUER);
        milestones.announce();
        note("announce a milestone", 0, "", 1);
        vm.warp(CLOSES + 14 days);
        milestones.release();
        note("release a milestone", 0, "", 1);
        vm.warp(CLOSES + 90 days);
        announced();
        objectedBy(CAROL);
        note("object, and stop the releases", 0, "", 1);
        vm.prank(BOB);
        token.approve(address(milestones), 30_000 ether);
        vm.prank(BOB);
        milestones.refund(30_000 ether);
        note("refund of what is left, for tokens", 0, "", 1);
        vesting.begin();
        vm.warp(block.timestamp + 400 days);
        vesting.release();
        note("release of a vesting share, first", 0, "", 1);
    }

    function table() private view returns (string memory page) {
        page = string.concat(
            "# Gas of settlement by root, milestones and vesting\n\nWritten by `cargo xtask contracts gas` as [GAS.md](GAS.md) is, and compared by every test run;",
            " the same settings and peers.\nA tree of a million leaves has proofs of 20 hashes.\n\n",
            "| operation | gas | bar | peers |\n|---|---:|---:|---|\n"
        );
        for (uint256 i = 0; i < rows.length; ++i) {
            Row storage row = rows[i];
            string memory bar = row.bar == 0 ? "" : digits(row.bar);
            if (row.gas > row.bar && row.bar != 0) bar = string.concat(bar, " **missed**");
            page = string.concat(page, "| ", row.name, " | ", digits(row.gas));
            page = string.concat(page, " | ", bar, " | ", row.peers, " |\n");
        }
    }

    function digits(uint256 number) private pure returns (string memory) {
        if (number < 1_000) return vm.toString(number);
        bytes memory last = bytes(vm.toString(1_000 + number % 1_000));
        string memory three = string(abi.encodePacked(last[1], last[2], last[3]));
        return string.concat(digits(number / 1_000), ",", three);
    }
}
