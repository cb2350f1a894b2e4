// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterSaleFactory} from "../src/AfterSaleFactory.sol";
import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {IMilestones} from "../src/IMilestones.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {RoundsOfferingFactory} from "../src/RoundsOfferingFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {WithdrawableEscrowFactory} from "../src/WithdrawableEscrowFactory.sol";
import {Sale} from "./Sale.sol";

/// What this needs of `Dollars.sol`. Not imported, because whoever imports that file is compiled as slowly as it is.
interface Dollars {
    function mint(address to, uint256 amount) external;
    function approve(address who, uint256 amount) external returns (bool);
    function balanceOf(address who) external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// Measures each operation as a transaction of its own (foundry.toml says `isolate`) and holds it against its bar.
contract GasTest is Sale {
    struct Row {
        string name;
        uint256 bar;
        string peers;
        uint256 gas;
    }

    Row[] private rows;
    Dollars private dollars;

    function note(string memory name, uint256 bar, string memory peers) private {
        add(name, bar, peers, used());
    }

    function used() private returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    function add(string memory name, uint256 bar, string memory peers, uint256 gas) private {
        rows.push(Row(name, bar, peers, gas));
    }

    function test_every_operation_against_its_bar() public {
        vm.prank(ALICE);
        (bool sent,) = address(0xFACE).call{value: 1}("");
        sent;
        equal("a transfer of coin to a new account", vm.lastCallGas().gasTotalUsed / 1_000, 21);
        coinSale();
        refunds();
        prices();
        sharing();
        tokenSale();
        withdrawals();
        severalRounds();
        severalRoundsWithRight();
        string memory page = table();
        if (vm.envOr("SOFTCAP_WRITE_GAS", false)) vm.writeFile("GAS.md", page);
        equal("GAS.md is what is measured", uint256(keccak256(bytes(vm.readFile("GAS.md")))), uint256(keccak256(bytes(page))));
    }

    function coinSale() private {
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = factory.announce(t, steps, plan());
        note("deploy one offering, escrow and token", 900_000, "OpenZeppelin 2 1,793,905; MISO 4,688,435");
        (escrow, token) = (IEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        string memory peers = "OpenZeppelin 2 114,803; MISO 61,787 without a permit; EasyAuction 169,179; CCA 280,759";
        note("contribute ETH, first, with permit check", 62_000, peers);
        uint256 life = used();
        vm.prank(ALICE);
        (bool paid,) = address(escrow).call{value: 1 ether}("");
        holds("paid", paid);
        note("contribute again, plain send", 37_500, "OpenZeppelin 2 80,603; MISO 44,687");
        address[] memory fifty = crowd();
        close();
        escrow.settle();
        note("settle", 0, "");
        vm.prank(ALICE);
        escrow.claim();
        note("claim, new token holder", 62_000, "MISO 92,203; EasyAuction 100,854; CCA 151,334");
        life += used();
        escrow.distribute(fifty);
        add(
            "distribute, per holder in lists of 50",
            30_500,
            "plain push of an ERC-20 24,587",
            used() / 50
        );
        peers = "MISO 152,913; OpenZeppelin 2 176,000; EasyAuction 270,023; CCA 302,000 to 433,000";
        add("whole life of a participant, contribute and claim", 124_000, peers, life);
        escrow.draw();
        note("draw", 0, "");
    }

    function crowd() private returns (address[] memory fifty) {
        fifty = new address[](50);
        for (uint160 i = 0; i < 50; ++i) {
            fifty[i] = address(0xF0000 + i);
            vm.deal(fifty[i], 2 ether);
            enter(fifty[i], 1 ether);
        }
    }

    function refunds() private {
        t.softCap = 90 ether;
        announce();
        enter(ALICE, 1 ether);
        address[] memory fifty = crowd();
        close();
        vm.prank(ALICE);
        escrow.refund();
        note("refund", 36_000, "OpenZeppelin 2 46,465; MISO 41,523; CCA 61,372");
        escrow.refundMany(fifty);
        add("refund, per entry in lists of 50", 0, "", used() / 50);
        t.softCap = 1 ether;
    }

    function sharing() private {
        (t.overCap, t.hardCap) = (IEscrow.Misfit.Share, 2 ether);
        announce();
        enter(BOB, 2 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, pro rata", 0, "");
        again(ALICE, 1 ether);
        note("contribute again, pro rata", 0, "");
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        note("claim, new token holder, and change, pro rata", 0, "");
        (t.overCap, t.hardCap) = (IEscrow.Misfit.Partial, 100 ether);
    }

    /// Where the price depends on time a contribution may cost 6,000 more.
    function prices() private {
        t.pricing = IEscrow.Pricing.Linear;
        (t.bonus, t.bonusPer, t.bonusUntil, t.bonusGranularity) = (1_000, 1 weeks, CLOSES, 1);
        announce();
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, linear price", 68_000, "");
        t.pricing = IEscrow.Pricing.Steps;
        for (uint256 i = 0; i < 32; ++i) {
            steps.push(EscrowFactory.Step(OPENS + i * 1 hours, 1_000 - i, 1));
        }
        announce();
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, 32 price steps", 68_000, "");
        again(ALICE, 1 ether);
        note("contribute again, 32 price steps", 43_500, "");
        delete steps;
        t.pricing = IEscrow.Pricing.Fixed;
    }

    function tokenSale() private {
        dollars = Dollars(created("Dollars", vm.getCode("Dollars.sol:Dollars")));
        t.currency = address(dollars);
        announce();
        address dave = vm.addr(0xDA7E);
        address[3] memory payers = [ALICE, BOB, dave];
        for (uint256 i = 0; i < 3; ++i) {
            dollars.mint(payers[i], 10 ether);
            vm.prank(payers[i]);
            if (i < 2) dollars.approve(address(escrow), 5 ether);
        }
        for (uint256 i = 0; i < 2; ++i) {
            IEscrow.Admission memory admitted = admission(payers[i], 50 ether);
            vm.prank(payers[i]);
            escrow.contributeTokenAdmitted(1 ether, admitted);
        }
        note("contribute an ERC-20, first, allowance set", 80_000, "EasyAuction 169,179");
        dollars.mint(CAROL, 10 ether);
        vm.prank(CAROL);
        dollars.approve(address(escrow), 1 ether);
        IEscrow.Admission memory exact = admission(CAROL, 50 ether);
        vm.prank(CAROL);
        escrow.contributeTokenAdmitted(1 ether, exact);
        note("contribute an ERC-20, first, allowance of just as much", 0, "");
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                dave,
                address(escrow),
                uint256(1 ether),
                uint256(0),
                CLOSES
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", dollars.DOMAIN_SEPARATOR(), message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xDA7E, digest);
        IEscrow.Admission memory shown = admission(dave, 50 ether);
        vm.prank(dave);
        escrow.contributeTokenWithAllowance(1 ether, shown, CLOSES, v, r, s);
        note("contribute an ERC-20, first, with ERC-2612", 112_000, "EasyAuction 169,179");
        equal("paid", dollars.balanceOf(dave), 9 ether);
    }

    /// The same with a right to take a contribution back, from each for two weeks or for all to one date.
    function withdrawals() private {
        factory = WithdrawableEscrowFactory(made("WithdrawableEscrowFactory", ""));
        (t.currency, t.withdrawalSpan) = (address(0), 14 days);
        announce();
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, withdrawal right of a span", 0, "");
        again(ALICE, 1 ether);
        note("contribute again, withdrawal right of a span", 0, "");
        vm.prank(ALICE);
        IWithdrawal(address(escrow)).withdraw();
        note("withdraw two contributions, withdrawal right of a span", 0, "");
        (t.withdrawalSpan, t.withdrawalUntil) = (0, CLOSES + 14 days);
        announce();
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, withdrawal right to a date", 0, "");
        again(ALICE, 1 ether);
        note("contribute again, withdrawal right to a date", 0, "");
        vm.prank(ALICE);
        IWithdrawal(address(escrow)).withdraw();
        note("withdraw two contributions, withdrawal right to a date", 0, "");
    }

    /// Early birds with permits at a better price, then everybody.
    function severalRounds() private {
        (t.withdrawalUntil, t.pricing, t.round) = (0, IEscrow.Pricing.Linear, 2);
        (t.bonus, t.bonusPer, t.bonusUntil, t.bonusGranularity) = (0, 1, 0, 1);
        IRounds.Round[] memory rounds = twoRounds();
        uint256 half = rounds[1].opens;
        RoundsEscrowFactory maker = RoundsEscrowFactory(made("RoundsEscrowFactory", ""));
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = maker.announceRounds(t, rounds, plan());
        note("deploy one offering of two rounds", 0, "");
        withAfterSale(rounds);
        (escrow, token) = (IEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, first of two rounds, with permit check", 0, "");
        again(ALICE, 1 ether);
        note("contribute again, first of two rounds", 0, "");
        vm.warp(half);
        again(BOB, 1 ether);
        again(ALICE, 1 ether);
        note("contribute again, now in the second of two rounds", 0, "");
        again(CAROL, 1 ether);
        note("contribute ETH, first, second of two rounds, public", 0, "");
        again(CAROL, 1 ether);
        note("contribute again, second of two rounds", 0, "");
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        note("claim, new token holder, of both rounds", 0, "");
    }

    /// With one milestone and a share that vests.
    function withAfterSale(IRounds.Round[] memory rounds) private {
        bytes memory parts = abi.encode(made("Milestones", ""), made("Vesting", ""));
        RoundsOfferingFactory maker = RoundsOfferingFactory(made("RoundsOfferingFactory", parts));
        IMilestones.Milestone[] memory all = new IMilestones.Milestone[](1);
        all[0].part = 10_000;
        AfterSaleFactory.VestingPlan[] memory vestings = new AfterSaleFactory.VestingPlan[](1);
        vestings[0].duration = 365 days;
        IMilestones.Plan memory release = IMilestones.Plan(t.beneficiary, 2_000, 14 days, 365 days, all);
        IEscrow.Terms memory sale = t;
        vm.prank(ISSUER);
        maker.announceRoundsWithAfterSale(sale, rounds, plan(), release, vestings);
        note("deploy one offering of two rounds with one milestone and a vesting share", 0, "");
    }

    function twoRounds() private view returns (IRounds.Round[] memory rounds) {
        rounds = new IRounds.Round[](2);
        uint256 half = OPENS + 10 days;
        rounds[0] = roundOf(OPENS, half, 1_200);
        rounds[1] = roundOf(half, CLOSES, 1_000);
        rounds[1].verifier = address(0);
    }

    /// The same with a right to take each contribution back for two weeks.
    function severalRoundsWithRight() private {
        t.withdrawalSpan = 14 days;
        IRounds.Round[] memory rounds = twoRounds();
        RoundsEscrowFactory maker =
            RoundsEscrowFactory(made("WithdrawableRoundsEscrowFactory", ""));
        vm.prank(ISSUER);
        (address escrowAt,) = maker.announceRounds(t, rounds, plan());
        escrow = IEscrow(escrowAt);
        vm.warp(OPENS);
        enter(BOB, 1 ether);
        enter(ALICE, 1 ether);
        note("contribute ETH, first, first of two rounds, withdrawal right of a span", 0, "");
        vm.warp(rounds[1].opens);
        again(BOB, 1 ether);
        again(ALICE, 1 ether);
        note("contribute again, now in the second of two rounds, withdrawal right of a span", 0, "");
        vm.prank(ALICE);
        IWithdrawal(address(escrow)).withdraw();
        note("withdraw of both rounds, withdrawal right of a span", 0, "");
    }

    function roundOf(uint256 opens, uint256 closes, uint256 price) private view returns (IRounds.Round memory r) {
        (r.verifier, r.opens, r.closes) = (t.verifier, opens, closes);
        (r.contributionMax, r.investorMax) = (NO_MAXIMUM, NO_MAXIMUM);
        (r.hardCap, r.forSale) = (t.hardCap, t.forSale);
        (r.priceNumerator, r.priceDenominator, r.bonusPer, r.bonusGranularity) = (price, 1, 1, 1);
    }

    function table() private view returns (string memory page) {
        page = string.concat(
            "# Gas\n\nWritten by `cargo xtask contracts gas`, compared by every test run: solc 0.8.37, via-IR, 1,000,000 runs, EVM prague,\n",
            "each operation a transaction of its own through a clone, with 21,000 and the calldata. ETH and a fixed price unless it says\n",
            "otherwise, and no withdrawal right. Peers are quoted; docs/evm.md says where from and how they were compiled.\n\n",
            "| operation | gas | bar | peers |\n|---|---:|---:|---|\n"
        );
        for (uint256 i = 0; i < rows.length; ++i) {
            Row storage row = rows[i];
            string memory bar = row.bar == 0 ? "" : digits(row.bar);
            if (row.gas > row.bar && row.bar != 0) bar = string.concat(bar, " **missed**");
            page = string.concat(page, "| ", row.name, " | ", digits(row.gas));
            page = string.concat(page, " | ", bar, " | ", row.peers, " |\n");
        }
        page = string.concat(
            page,
            "\nWhat stands between the figures and the bars that are missed is described in docs/evm.md.\n",
            "\nSettlement by root, vesting and milestones: GAS-AFTER-SALE.md.\n"
        );
    }

    function digits(uint256 number) private pure returns (string memory) {
        if (number < 1_000) return vm.toString(number);
        string memory rest = vm.toString(1_000 + number % 1_000);
        bytes memory last = bytes(rest);
        string memory three = string(abi.encodePacked(last[1], last[2], last[3]));
        return string.concat(digits(number / 1_000), ",", three);
    }
}
