// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterClaim, EscrowTerms, TermsAt} from "../src/EscrowTerms.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {IRounds} from "../src/IRounds.sol";
import {RoundTerms} from "../src/RoundTerms.sol";
import {Proof} from "./Proof.sol";

/// The words of a round in the place of those of the sale, and its bounds as bounds of the sums: all values are symbolic, bounded as
/// `RoundsEscrowFactory` bounds them.
contract RoundsProof is Proof {
    using RoundTerms for TermsAt;

    function check_a_round_is_what_was_packed(IEscrow.Terms memory t, IRounds.Round memory r) external pure {
        vm.assume(fits(t, r));
        IRounds.Round[] memory rounds = new IRounds.Round[](1);
        rounds[0] = r;
        bytes memory sale = EscrowTerms.pack(t, AfterClaim.Empty);
        bytes memory round = RoundTerms.pack(t, rounds);
        assert(round.length == 7 * 32);
        TermsAt both = over(sale, round);
        assert(isSame(r, both.asRound()));
        assert(both.termsHash() == t.termsHash && both.currency() == t.currency && both.token() == t.token);
        assert(both.issuer() == t.issuer && both.beneficiary() == t.beneficiary && both.treasury() == t.treasury);
        assert(both.round() == 0 && both.softCap() == t.softCap && both.refundDeadline() == t.refundDeadline);
        assert(both.pricing() == IEscrow.Pricing.Linear);
    }

    /// As `RoundTerms.load` does it with the code of a clone: the words of the round from the second one on.
    function over(bytes memory sale, bytes memory round) private pure returns (TermsAt both) {
        assembly ("memory-safe") {
            both := add(sale, 32)
            for { let i := 0 } lt(i, 224) { i := add(i, 32) } {
                mstore(add(both, add(32, i)), mload(add(round, add(32, i))))
            }
        }
    }

    function check_bounds_of_a_round_become_bounds_of_the_sums(
        uint80 accepted,
        uint88 raised,
        uint96 counted,
        uint80[4] memory investor,
        uint88[2] memory caps,
        uint96[2] memory tokens
    ) external pure {
        (TermsAt all, TermsAt t) = laid(investor, caps, tokens);
        t.accumulate(accepted, raised, counted);
        uint256 none = EscrowTerms.NO_MAXIMUM;
        assert(t.before() == accepted);
        assert(t.investorMin() == least(uint256(accepted) + investor[0], none));
        assert(t.investorMax() == least(uint256(accepted) + investor[1], investor[3]));
        assert(t.hardCap() == least(uint256(raised) + caps[0], caps[1]));
        assert(t.forSale() == least(uint256(counted) + tokens[0], tokens[1]));
        assert(t.currency() == address(0xC0FFEE));
        assert(all.investorMax() == investor[3] && all.hardCap() == caps[1] && all.forSale() == tokens[1]);
    }

    /// The words of a sale, and behind them those of a round: only what bounds is in them.
    function laid(uint80[4] memory investor, uint88[2] memory caps, uint96[2] memory tokens)
        private
        pure
        returns (TermsAt all, TermsAt t)
    {
        uint256 person = uint256(uint160(address(0xC0FFEE))) << 96;
        uint256[2] memory limits;
        uint256[2] memory sales;
        for (uint256 i = 0; i < 2; ++i) {
            // First the sale, then the round.
            uint256 k = 1 - i;
            limits[i] = uint256(investor[2 * k]) | (uint256(investor[2 * k + 1]) << 80) | (uint256(caps[k]) << 160);
            sales[i] = uint256(tokens[k]) | person;
        }
        assembly ("memory-safe") {
            all := mload(0x40)
            t := add(all, 384)
            mstore(0x40, add(t, 416))
            mstore(add(all, 128), mload(limits))
            mstore(add(all, 160), mload(sales))
            mstore(add(t, 128), mload(add(limits, 32)))
            mstore(add(t, 160), mload(add(sales, 32)))
        }
    }

    function least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// Both lie in memory as one word for each field.
    function isSame(IRounds.Round memory a, IRounds.Round memory b) private pure returns (bool) {
        uint256 different;
        for (uint256 i = 0; i < 17; ++i) {
            assembly ("memory-safe") {
                let place := mul(i, 32)
                different := or(different, xor(mload(add(a, place)), mload(add(b, place))))
            }
        }
        return different == 0;
    }

    function fits(IEscrow.Terms memory t, IRounds.Round memory r) private pure returns (bool) {
        uint256 over_ = (t.refundDeadline >> 32) | (t.softCap >> 88) | (t.pauseCount >> 32) | (t.pauseLongest >> 32);
        over_ |= (t.opens >> 32) | (t.closes >> 32) | (t.round >> 32) | (t.hardCap >> 88) | (t.forSale >> 96);
        over_ |= (t.priceNumerator >> 128) | (t.priceDenominator >> 128) | (t.bonus >> 64);
        over_ |= (t.bonusPer >> 40) | (t.bonusUntil >> 40) | (t.bonusGranularity >> 40);
        over_ |= (t.contributionMin >> 80) | (t.investorMin >> 80) | t.withdrawalSpan | t.withdrawalUntil;
        over_ |= (r.opens >> 32) | (r.closes >> 32) | (r.hardCap >> 88) | (r.forSale >> 96);
        over_ |= (r.priceNumerator >> 128) | (r.priceDenominator >> 128) | (r.bonus >> 64);
        over_ |= (r.bonusPer >> 40) | (r.bonusUntil >> 40) | (r.bonusGranularity >> 40);
        over_ |= (r.contributionMin >> 80) | (r.investorMin >> 80);
        return over_ == 0 && isMaximum(t.contributionMax) && isMaximum(t.investorMax)
            && isMaximum(r.contributionMax) && isMaximum(r.investorMax);
    }

    /// As large as an account holds, less one, or none at all.
    function isMaximum(uint256 most) private pure returns (bool) {
        return most < EscrowTerms.NO_MAXIMUM || most == type(uint256).max;
    }
}
