// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterClaim, EscrowTerms, TermsAt} from "../src/EscrowTerms.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {Proof} from "./Proof.sol";

/// Terms in the words of a clone's code: all 32 fields are symbolic, bounded as `EscrowFactory` bounds them.
contract TermsProof is Proof {
    function check_terms_are_what_was_packed(IEscrow.Terms memory t, AfterClaim claimed) external pure {
        vm.assume(fits(t));
        bytes memory packed = EscrowTerms.pack(t, claimed);
        assert(packed.length == EscrowTerms.WORDS * 32);
        TermsAt copy;
        assembly ("memory-safe") {
            copy := add(packed, 32)
        }
        assert(isSame(t, copy.unpack()));
        assert(copy.keepsClaimed() == (claimed == AfterClaim.Keep));
    }

    /// Both lie in memory as one word for each field.
    function isSame(IEscrow.Terms memory a, IEscrow.Terms memory b) private pure returns (bool) {
        uint256 different;
        for (uint256 i = 0; i < 32; ++i) {
            assembly ("memory-safe") {
                let place := mul(i, 32)
                different := or(different, xor(mload(add(a, place)), mload(add(b, place))))
            }
        }
        return different == 0;
    }

    /// What the factory refuses is left out: `_check`, `_checkBounds`, `_checkSteps`, and `_checkWithdrawal` of both
    /// factories.
    function fits(IEscrow.Terms memory t) private pure returns (bool) {
        uint256 over = (t.refundDeadline >> 32) | (t.hardCap >> 88) | (t.softCap >> 88) | (t.forSale >> 96);
        over |= (t.opens >> 32) | (t.closes >> 32) | (t.round >> 32) | (t.pauseCount >> 32) | (t.pauseLongest >> 32);
        over |= (t.priceNumerator >> 128) | (t.priceDenominator >> 128) | (t.bonus >> 64);
        over |= (t.bonusPer >> 40) | (t.bonusUntil >> 40) | (t.bonusGranularity >> 40);
        over |= (t.contributionMin >> 80) | (t.investorMin >> 80);
        over |= (t.withdrawalSpan >> 40) | (t.withdrawalUntil >> 40);
        return over == 0 && isMaximum(t.contributionMax) && isMaximum(t.investorMax);
    }

    /// As large as an account holds, less one, or none at all.
    function isMaximum(uint256 most) private pure returns (bool) {
        return most < EscrowTerms.NO_MAXIMUM || most == type(uint256).max;
    }
}
