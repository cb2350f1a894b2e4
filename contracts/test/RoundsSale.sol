// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundsEscrowFactory} from "../src/RoundsEscrowFactory.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {Sale} from "./Sale.sol";

/// Ten days for early birds with permits, 1,200 tokens for a coin and up to 40 coins; two days of nothing; then everybody, 1,000
/// for a coin. 100 coins in all.
abstract contract RoundsSale is Sale {
    uint256 internal constant EARLY_ENDS = OPENS + 10 days;
    uint256 internal constant PUBLIC_OPENS = OPENS + 12 days;

    IRounds.Round[] internal rounds;

    function setUp() public virtual override {
        super.setUp();
        (t.pricing, t.round) = (IEscrow.Pricing.Linear, 2);
        (t.bonusPer, t.bonusGranularity) = (1, 1);
        rounds.push(plain(OPENS, EARLY_ENDS, 1_200, 1));
        rounds.push(plain(PUBLIC_OPENS, CLOSES, 1_000, 1));
        (rounds[0].verifier, rounds[0].hardCap) = (t.verifier, 40 ether);
    }

    /// Open to everybody, as far as the sale goes.
    function plain(uint256 opens, uint256 closes, uint256 numerator, uint256 denominator)
        internal
        view
        returns (IRounds.Round memory r)
    {
        (r.opens, r.closes) = (opens, closes);
        (r.contributionMax, r.investorMax) = (NO_MAXIMUM, NO_MAXIMUM);
        (r.hardCap, r.forSale) = (t.hardCap, t.forSale);
        (r.priceNumerator, r.priceDenominator, r.bonusPer, r.bonusGranularity) = (numerator, denominator, 1, 1);
    }

    function announce() internal virtual override {
        RoundsEscrowFactory maker = RoundsEscrowFactory(made(artifact(), ""));
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = maker.announceRounds(t, rounds, plan());
        (escrow, token) = (IEscrow(escrowAt), SaleToken(tokenAt));
        vm.warp(OPENS);
    }

    /// The factory.
    function artifact() internal pure virtual returns (string memory) {
        return "RoundsEscrowFactory";
    }
}
