// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {IWithdrawal} from "../src/IWithdrawal.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {ConservationTest, Crowd} from "./Conservation.t.sol";

/// The crowd in three rounds, and a naive account of who has how much in which.
contract RoundsCrowd is Crowd {
    mapping(uint256 round => mapping(address investor => uint256)) internal had;

    constructor(uint256 numerator, uint256 denominator)
        Crowd(IEscrow.Pricing.Linear, numerator, denominator, IEscrow.Misfit.Partial, 1)
    {}

    function announce() internal virtual override {
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
        RoundsEscrowFactory maker = RoundsEscrowFactory(made(artifact(), ""));
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = maker.announceRounds(t, rounds, plan());
        (escrow, token) = (IEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
    }

    function artifact() internal virtual returns (string memory) {
        return "RoundsEscrowFactory";
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

/// They may also take each contribution back for twelve days, which is longer than a round: the latest ones first.
contract WithdrawingRoundsCrowd is RoundsCrowd {
    constructor(uint256 numerator, uint256 denominator) RoundsCrowd(numerator, denominator) {}

    function announce() internal override {
        t.withdrawalSpan = 12 days;
        super.announce();
    }

    function artifact() internal pure override returns (string memory) {
        return "WithdrawableRoundsEscrowFactory";
    }

    function withdraw(uint256 who) external {
        address investor = people[who % people.length];
        uint256 before = paidOut;
        leave(investor, abi.encodeCall(IWithdrawal.withdraw, ()));
        uint256 back = paidOut - before;
        for (uint256 i = 3; i > 0; --i) {
            uint256 part = had[i - 1][investor] < back ? had[i - 1][investor] : back;
            (had[i - 1][investor], back) = (had[i - 1][investor] - part, back - part);
        }
        equal("no more than there was", back, 0);
    }
}

contract RoundsConservationTest is ConservationTest {
    function setUp() public virtual {
        crowd = new RoundsCrowd(7, 3);
    }

    function invariant_no_bound_of_a_round_is_passed() public view {
        (bool tooMuch, uint256 all) = RoundsCrowd(address(crowd)).inRounds();
        assert(!tooMuch);
        assert(all == crowd.sale().totals().raised);
    }
}

contract WithdrawingRoundsConservationTest is RoundsConservationTest {
    function setUp() public override {
        crowd = new WithdrawingRoundsCrowd(7, 3);
    }
}
