// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {EscrowFactory} from "../src/EscrowFactory.sol";
import {Sale} from "./Sale.sol";

/// A wallet that is a contract and takes no change.
contract NoChange {
    function contribute(IEscrow escrow, IEscrow.Admission calldata admission) external payable {
        escrow.contributeAdmitted{value: msg.value}(admission);
    }
}

/// A verifier that is a contract (ERC-1271) and approves one hash.
contract Committee {
    bytes32 private immutable approved;

    constructor(bytes32 hash) {
        approved = hash;
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return hash == approved ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

/// Contribute.tree, leaf by leaf.
contract ContributeTest is Sale {
    function test_the_first_shows_a_permit_and_later_ones_are_plain_payments() public {
        announce();
        enter(ALICE, 2 ether);
        vm.prank(ALICE);
        (bool paid,) = address(escrow).call{value: 3 ether}("");
        holds("plain payment", paid);
        IEscrow.Account memory a = escrow.account(ALICE);
        equal("accepted", a.accepted, 5 ether);
        equal("tokens", a.tokens, 5_000 ether);
        equal("cap", a.cap, 50 ether);
        equal("raised", escrow.totals().raised, 5 ether);
        equal("held", address(escrow).balance, 5 ether);
    }

    /// Who follows the events learns from them alone who may contribute how much.
    function test_the_event_says_what_the_investor_is_admitted_for() public {
        announce();
        says(50 ether, 2 ether, 2 ether);
        enter(ALICE, 2 ether);
        says(50 ether, 49 ether, 48 ether);
        again(ALICE, 49 ether);
        t.verifier = address(0);
        announce();
        says(type(uint80).max, 1 ether, 1 ether);
        again(ALICE, 1 ether);
    }

    function says(uint256 cap, uint256 amount, uint256 accepted) private {
        vm.expectEmit(address(escrow));
        emit IEscrow.Contributed(ALICE, cap, amount, accepted, 1_000 * accepted);
    }

    function test_without_a_permit_nothing_is_accepted() public {
        announce();
        vm.expectRevert(IEscrow.NotAdmitted.selector);
        again(ALICE, 1 ether);
    }

    function test_a_public_round_needs_no_permit() public {
        t.verifier = address(0);
        announce();
        again(ALICE, 1 ether);
        equal("accepted", escrow.account(ALICE).accepted, 1 ether);
    }

    function test_a_permit_is_for_one_person_one_escrow_one_round_one_chain_and_one_amount() public {
        announce();
        IEscrow.Admission memory shown = admission(ALICE, 5 ether);
        IEscrow first = escrow;
        vm.startPrank(BOB);
        vm.expectRevert(IEscrow.WrongSignature.selector);
        escrow.contributeAdmitted{value: 1 ether}(shown);
        vm.stopPrank();

        shown.max += 1;
        refuses(first, shown);
        shown.max -= 1;
        vm.chainId(99);
        refuses(first, shown);
        vm.chainId(31337);
        announce();
        refuses(escrow, shown);
        vm.prank(ALICE);
        first.contributeAdmitted{value: 1 ether}(shown);
        equal("where it is for", first.account(ALICE).accepted, 1 ether);
    }

    function refuses(IEscrow where, IEscrow.Admission memory shown) private {
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.WrongSignature.selector);
        where.contributeAdmitted{value: 1 ether}(shown);
    }

    function test_a_permit_ends_at_its_expiry() public {
        announce();
        IEscrow.Admission memory shown = IEscrow.Admission(1 ether, OPENS, "");
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AdmissionExpired.selector, OPENS));
        escrow.contributeAdmitted{value: 1}(shown);
    }

    /// The other form of the same signature, a wrong recovery number, one byte less, none, and of nobody.
    function test_a_signature_counts_in_one_form_only() public {
        announce();
        IEscrow.Admission memory shown = admission(ALICE, 5 ether);
        bytes memory good = shown.signature;
        (bytes32 r, uint256 s, uint8 v) = (bytes32(0), 0, uint8(good[64]));
        assembly {
            r := mload(add(good, 32))
            s := mload(add(good, 64))
        }
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes[4] memory forms =
            [abi.encodePacked(r, order - s, 55 - v), abi.encodePacked(r, s, 55 - v), abi.encodePacked(r, s), bytes("")];
        for (uint256 i = 0; i < 4; ++i) {
            shown.signature = forms[i];
            refuses(escrow, shown);
        }
        shown.signature = good;
        vm.prank(ALICE);
        escrow.contributeAdmitted{value: 1 ether}(shown);
        t.verifier = address(0);
        announce();
        shown.signature = abi.encodePacked(r, uint256(1), uint8(9));
        refuses(escrow, shown);
    }

    function test_a_contract_may_be_the_verifier() public {
        address committee = address(0xC0117EE);
        t.verifier = committee;
        announce();
        bytes32 hash = escrow.permitHash(ALICE, 1 ether, CLOSES);
        vm.etch(committee, address(new Committee(hash)).code);
        vm.prank(ALICE);
        escrow.contributeAdmitted{value: 1 ether}(IEscrow.Admission(1 ether, CLOSES, "any"));
        equal("accepted", escrow.account(ALICE).accepted, 1 ether);
        vm.prank(BOB);
        vm.expectRevert(IEscrow.WrongSignature.selector);
        escrow.contributeAdmitted{value: 1 ether}(IEscrow.Admission(1 ether, CLOSES, "any"));
    }

    function test_of_several_permits_the_largest_counts_in_any_order() public {
        announce();
        enter(ALICE, 1 ether);
        IEscrow.Admission memory small = admission(ALICE, 2 ether);
        IEscrow.Admission memory large = admission(ALICE, 60 ether);
        vm.startPrank(ALICE);
        escrow.contributeAdmitted{value: 1 ether}(small);
        equal("unchanged", escrow.account(ALICE).cap, 50 ether);
        escrow.contributeAdmitted{value: 1 ether}(large);
        equal("raised", escrow.account(ALICE).cap, 60 ether);
        escrow.contributeAdmitted{value: 1 ether}(small);
        equal("still", escrow.account(ALICE).cap, 60 ether);
        vm.stopPrank();
    }

    function test_what_does_not_fit_comes_back_at_once() public {
        t.hardCap = 10 ether;
        announce();
        enter(ALICE, 7 ether);
        enter(BOB, 7 ether);
        equal("accepted", escrow.account(BOB).accepted, 3 ether);
        equal("change", BOB.balance, 1_000 ether - 3 ether);
        equal("held", address(escrow).balance, 10 ether);
        IEscrow.Admission memory shown = admission(CAROL, 1 ether);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HardCapReached.selector, 0));
        escrow.contributeAdmitted{value: 1}(shown);
    }

    function test_who_takes_no_change_is_refused_whole() public {
        t.hardCap = 1 ether;
        announce();
        NoChange wallet = new NoChange();
        IEscrow.Admission memory shown = admission(address(wallet), 5 ether);
        vm.deal(address(this), 2 ether);
        vm.expectRevert(IEscrow.ChangeRefused.selector);
        wallet.contribute{value: 2 ether}(escrow, shown);
        equal("nothing remembered", standingOf(address(wallet)), 0);
    }

    function test_terms_that_refuse_whole_payments_do() public {
        t.hardCap = 10 ether;
        t.overCap = IEscrow.Misfit.Refuse;
        t.overLimit = IEscrow.Misfit.Refuse;
        t.contributionMax = 8 ether;
        announce();
        enter(ALICE, 7 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.HardCapReached.selector, 3 ether));
        escrow.contribute{value: 4 ether}();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AboveMaximum.selector, 8 ether));
        escrow.contribute{value: 9 ether}();
        escrow.contribute{value: 3 ether}();
        vm.stopPrank();
    }

    function test_each_bound_has_its_code() public {
        t.contributionMin = 2;
        t.investorMin = 1 ether;
        t.investorMax = 40 ether;
        t.overLimit = IEscrow.Misfit.Refuse;
        announce();
        enter(ALICE, 30 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BelowMinimum.selector, 2));
        escrow.contribute{value: 1}();
        vm.expectRevert(abi.encodeWithSelector(IEscrow.InvestorLimit.selector, 10 ether));
        escrow.contribute{value: 11 ether}();
        vm.stopPrank();
        IEscrow.Admission memory shown = admission(BOB, 5 ether);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BelowInvestorMinimum.selector, 1 ether));
        escrow.contributeAdmitted{value: 3}(shown);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AdmissionLimit.selector, 5 ether));
        escrow.contributeAdmitted{value: 6 ether}(shown);
        vm.stopPrank();
    }

    function test_nothing_buys_nothing() public {
        announce();
        enter(ALICE, 1);
        vm.prank(ALICE);
        vm.expectRevert(IEscrow.BuysNothing.selector);
        escrow.contribute();
    }

    function test_what_no_counter_holds_is_refused() public {
        t.forSale = type(uint96).max / 2;
        t.priceNumerator = 1e12;
        announce();
        vm.deal(ALICE, type(uint256).max);
        IEscrow.Admission memory shown = admission(ALICE, 50 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(IEscrow.AmountTooLarge.selector);
        escrow.contributeAdmitted{value: 1 << 80}(shown);
        shown = admission(ALICE, type(uint80).max);
        vm.expectRevert(IEscrow.AmountTooLarge.selector);
        escrow.contributeAdmitted{value: 1e15}(shown);
        vm.stopPrank();
    }

    function test_the_window_is_open_from_its_first_second_to_the_one_before_its_end() public {
        announce();
        IEscrow.Admission memory shown = admission(ALICE, 5 ether);
        vm.startPrank(ALICE);
        vm.warp(OPENS - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotOpenYet.selector, OPENS));
        escrow.contributeAdmitted{value: 1}(shown);
        vm.warp(OPENS);
        escrow.contributeAdmitted{value: 1}(shown);
        vm.warp(CLOSES - 1);
        escrow.contribute{value: 1}();
        vm.warp(CLOSES);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Closed.selector, CLOSES));
        escrow.contribute{value: 1}();
        vm.stopPrank();
    }

    /// 3 tokens for 2 units. Caps count 2 + 2, investors rounded once get floor(1.5 + 1.5) = 3.
    function test_a_fixed_price_rounds_an_investor_once() public {
        (t.priceNumerator, t.priceDenominator, t.softCap, t.forSale) = (3, 2, 0, 100);
        announce();
        enter(ALICE, 1);
        again(ALICE, 1);
        equal("counted", escrow.totals().counted, 4);
        equal("slack", escrow.totals().slack, 1);
        close();
        escrow.settle();
        vm.prank(ALICE);
        escrow.claim();
        equal("tokens", token.balanceOf(ALICE), 3);
        equal("burned exactly", token.totalSupply(), 50_000 ether + 3);
    }

    /// 3 tokens are left at 2 tokens for 5 units: the most money whose exact tokens fit is 7, worth 2.8.
    function test_a_fixed_price_sells_the_last_tokens_for_the_most_money_that_fits() public {
        (t.priceNumerator, t.priceDenominator, t.forSale) = (2, 5, 3);
        announce();
        enter(ALICE, 100);
        equal("accepted", escrow.account(ALICE).accepted, 7);
        equal("counted", escrow.totals().counted, 3);
    }

    /// A price by time: 3 tokens left at 2 for 5 cost ceil(7.5) = 8, and each contribution is rounded alone.
    function test_a_price_by_time_sells_the_last_tokens_for_the_least_money() public {
        t.pricing = IEscrow.Pricing.Steps;
        t.forSale = 3;
        steps.push(EscrowFactory.Step(OPENS, 2, 5));
        announce();
        enter(ALICE, 100);
        equal("accepted", escrow.account(ALICE).accepted, 8);
        equal("tokens", escrow.account(ALICE).tokens, 3);
        IEscrow.Admission memory shown = admission(BOB, 5);
        vm.startPrank(BOB);
        vm.expectRevert(IEscrow.BuysNothing.selector);
        escrow.contributeAdmitted{value: 2}(shown);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SoldOut.selector, 0));
        escrow.contributeAdmitted{value: 3}(shown);
        vm.stopPrank();
    }

    function test_a_step_begins_at_its_second() public {
        t.pricing = IEscrow.Pricing.Steps;
        for (uint256 i = 0; i < 7; ++i) {
            steps.push(EscrowFactory.Step(OPENS - 10 + i * 10, 100 - i, 1));
        }
        announce();
        for (uint256 i = 0; i < 7; ++i) {
            (uint256 price,) = escrow.priceAt(OPENS - 10 + i * 10);
            equal("at its second", price, 100 - i);
            (price,) = escrow.priceAt(OPENS - 1 + i * 10);
            equal("to its last", price, 100 - i);
        }
        (uint256 last,) = escrow.priceAt(CLOSES);
        equal("for ever", last, 94);
    }

    /// Mastercoin 2013: 10 % a week; 1e8 units one week early buy 110, one second early 100.00001653.
    function test_a_linear_bonus_as_mastercoin_had_it() public {
        t.pricing = IEscrow.Pricing.Linear;
        (t.priceNumerator, t.priceDenominator) = (100, 1);
        (t.bonus, t.bonusPer, t.bonusUntil, t.bonusGranularity) = (1_000, 1 weeks, CLOSES, 1);
        announce();
        uint256[4] memory early = [uint256(0), 1 weeks, 2 weeks, 1];
        uint256[4] memory tokens = [uint256(10_000_000_000), 11_000_000_000, 12_000_000_000, 10_000_001_653];
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 numerator, uint256 denominator) = escrow.priceAt(CLOSES - early[i]);
            equal("tokens", 1e8 * numerator / denominator, tokens[i]);
        }
        (uint256 after_, uint256 unit) = escrow.priceAt(CLOSES + 1 weeks);
        equal("afterwards", after_ / unit, 100);
    }

    function testFuzz_what_fits_is_what_a_search_finds(uint64 amount, uint64 room, uint32 num, uint32 den, bool byTime)
        public
    {
        t.pricing = byTime ? IEscrow.Pricing.Steps : IEscrow.Pricing.Fixed;
        (t.priceNumerator, t.priceDenominator) = (uint256(num % 20) + 1, uint256(den % 20) + 1);
        if (byTime) steps.push(EscrowFactory.Step(0, t.priceNumerator, t.priceDenominator));
        t.forSale = uint256(room % 50) + 1;
        uint256 paid = uint256(amount % 100) + 1;
        announce();
        uint256 best = byTime ? leastForMost(paid) : mostWithin(paid);
        IEscrow.Admission memory shown = admission(ALICE, 1 ether);
        vm.prank(ALICE);
        (bool accepted,) =
            address(escrow).call{value: paid}(abi.encodeCall(IEscrow.contributeAdmitted, (shown)));
        equal("taken", accepted ? escrow.account(ALICE).accepted : 0, best);
    }

    /// The most money whose tokens, rounded up, are within what is for sale.
    function mostWithin(uint256 paid) private view returns (uint256) {
        while (paid * t.priceNumerator > t.forSale * t.priceDenominator) --paid;
        return paid;
    }

    /// All of it if it fits; else the least money for the most tokens that can be had.
    function leastForMost(uint256 paid) private view returns (uint256) {
        if (tokensFor(paid) == 0) return 0;
        uint256 best = paid;
        if (tokensFor(best) <= t.forSale) return best;
        while (tokensFor(best) > t.forSale) --best;
        uint256 tokens = tokensFor(best);
        if (tokens == 0) return 0;
        while (tokensFor(best - 1) == tokens) --best;
        return best;
    }

    function tokensFor(uint256 paid) private view returns (uint256) {
        return paid * t.priceNumerator / t.priceDenominator;
    }
}
