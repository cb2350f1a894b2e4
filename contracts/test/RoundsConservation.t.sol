// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {ConservationTest, Crowd} from "./Conservation.t.sol";

/// The crowd in three rounds, and a naive account of who has how much in which.
contract RoundsCrowd is Crowd {
    mapping(uint256 round => mapping(address investor => uint256)) private had;

    constructor(uint256 numerator, uint256 denominator)
        Crowd(IEscrow.Pricing.Linear, numerator, denominator, IEscrow.Misfit.Partial, 1)
    {}

    function announce() internal override {
        (t.round, t.bonusPer, t.bonusGranularity) = (3, 1, 1);
        IRounds.Round[] memory rounds = new IRounds.Round[](3);
        for (uint256 i = 0; i < 3; ++i) {
            IRounds.Round memory r = rounds[i];
            (r.verifier, r.opens) = (t.verifier, OPENS + i * 10 days);
            r.closes = r.opens + 9 days;
            (r.contributionMax, r.investorMax) = (NO_MAXIMUM, 50);
            (r.hardCap, r.forSale) = (100, 300);
            (r.priceNumerator, r.priceDenominator) = (t.priceNumerator + 2 - i, t.priceDenominator);
            (r.bonusPer, r.bonusGranularity) = (1, 1);
        }
        rounds[2].closes = CLOSES;
        RoundsEscrowFactory maker = RoundsEscrowFactory(made("RoundsEscrowFactory.sol:RoundsEscrowFactory", ""));
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = maker.announceRounds(t, rounds, plan());
        (escrow, token) = (IEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
    }

    function contribute(uint256 who, uint256 amount) public override {
        uint256 before = paidIn;
        super.contribute(who, amount);
        had[IRounds(address(escrow)).roundAt(block.timestamp)][people[who % people.length]] += paidIn - before;
    }

    function giveBack(uint256 who, uint8 reason) public override {
        address investor = people[who % people.length];
        IEscrow.Standing before = escrow.account(investor).standing;
        super.giveBack(who, reason);
        if (before == IEscrow.Standing.Returned || escrow.account(investor).standing != IEscrow.Standing.Returned) return;
        for (uint256 i = 0; i < 3; ++i) had[i][investor] = 0;
    }

    /// Whether more is in a round than it may have, of one or of all; and what all have.
    function inRounds() external view returns (bool tooMuch, uint256 all) {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 sum = 0;
            for (uint256 k = 0; k < people.length; ++k) {
                sum += had[i][people[k]];
                if (had[i][people[k]] > 50) tooMuch = true;
            }
            if (sum > 100) tooMuch = true;
            all += sum;
        }
    }
}

contract RoundsConservationTest is ConservationTest {
    function setUp() public {
        crowd = new RoundsCrowd(7, 3);
    }

    function invariant_no_bound_of_a_round_is_passed() public view {
        (bool tooMuch, uint256 all) = RoundsCrowd(address(crowd)).inRounds();
        assert(!tooMuch);
        assert(all == crowd.sale().totals().raised);
    }
}
