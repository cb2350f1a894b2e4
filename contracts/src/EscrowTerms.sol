// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";

/// @dev Where in memory the packed terms of a clone lie.
type TermsAt is uint256;

/// @dev What becomes of an account once its tokens are out. Milestones weigh objections by it; else nobody needs it, and
/// an empty word costs its owner 4,800 less.
enum AfterClaim {
    Empty,
    Keep
}

using EscrowTerms for TermsAt global;

/// @title Terms in the code of a clone
/// @notice A clone's code is the 45 bytes of ERC-1167, then the terms in twelve words, then one word for each price
/// step. Reading code of one's own costs a twentieth of reading storage.
/// @dev Only the factory makes such code, from a typed struct whose bounds it has checked, so no field holds more
/// than its type. Each function says where its field lies; `pack` is the other direction.
library EscrowTerms {
    /// @dev Bytes of ERC-1167 before the arguments.
    uint256 internal constant START = 45;
    /// @dev Words of packed terms.
    uint256 internal constant WORDS = 12;
    /// @dev Bits of a step's numerator and of its denominator; its position has the 40 bits above.
    uint256 internal constant PRICE_BITS = 108;
    /// @dev What stands for no maximum: no account holds more, so it bounds nothing.
    uint256 internal constant NO_MAXIMUM = (1 << 80) - 1;

    /// @notice The terms of this clone.
    function load() internal view returns (TermsAt t) {
        assembly ("memory-safe") {
            t := mload(0x40)
            mstore(0x40, add(t, mul(WORDS, 32)))
            extcodecopy(address(), t, START, mul(WORDS, 32))
        }
    }

    function _field(TermsAt t, uint256 word, uint256 shift, uint256 bits) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            // `shl(bits, 1)` is one shifted by `bits`, the mask of so many bits plus one.
            // slither-disable-next-line incorrect-shift
            value := and(shr(shift, mload(add(t, mul(word, 32)))), sub(shl(bits, 1), 1))
        }
    }

    function _person(TermsAt t, uint256 word, uint256 shift) private pure returns (address) {
        return address(uint160(_field(t, word, shift, 160)));
    }

    function termsHash(TermsAt t) internal pure returns (bytes32) {
        return bytes32(_field(t, 0, 0, 256));
    }

    function verifier(TermsAt t) internal pure returns (address) {
        return _person(t, 1, 0);
    }

    function round(TermsAt t) internal pure returns (uint256) {
        return _field(t, 1, 160, 32);
    }

    function pauseLongest(TermsAt t) internal pure returns (uint256) {
        return _field(t, 1, 192, 32);
    }

    function pauseCount(TermsAt t) internal pure returns (uint256) {
        return _field(t, 1, 224, 32);
    }

    function opens(TermsAt t) internal pure returns (uint256) {
        return _field(t, 2, 0, 40);
    }

    function closes(TermsAt t) internal pure returns (uint256) {
        return _field(t, 2, 40, 40);
    }

    function refundDeadline(TermsAt t) internal pure returns (uint256) {
        return _field(t, 2, 80, 40);
    }

    function pricing(TermsAt t) internal pure returns (IEscrow.Pricing which) {
        uint256 bits = _field(t, 2, 120, 8);
        assembly {
            which := bits
        }
    }

    /// @notice Whether the price is fixed.
    function isFixed(TermsAt t) internal pure returns (bool) {
        return _field(t, 2, 120, 8) == uint256(IEscrow.Pricing.Fixed);
    }

    function overCap(TermsAt t) internal pure returns (IEscrow.Misfit which) {
        uint256 bits = _field(t, 2, 128, 8);
        assembly {
            which := bits
        }
    }

    /// @notice Whether what is above the caps is shared out at settlement.
    function isShared(TermsAt t) internal pure returns (bool) {
        return _field(t, 2, 128, 8) == uint256(IEscrow.Misfit.Share);
    }

    function overLimit(TermsAt t) internal pure returns (IEscrow.Misfit which) {
        uint256 bits = _field(t, 2, 136, 8);
        assembly {
            which := bits
        }
    }

    function withdrawalSpan(TermsAt t) internal pure returns (uint256) {
        return _field(t, 2, 144, 40);
    }

    function withdrawalUntil(TermsAt t) internal pure returns (uint256) {
        return _field(t, 2, 184, 40);
    }

    /// @notice Whether pauses move the end of the window.
    function isMoved(TermsAt t) internal pure returns (bool) {
        return _field(t, 2, 224, 8) == uint256(IEscrow.PauseEnd.Moves);
    }

    function contributionMin(TermsAt t) internal pure returns (uint256) {
        return _field(t, 3, 0, 80);
    }

    function contributionMax(TermsAt t) internal pure returns (uint256) {
        return _field(t, 3, 80, 80);
    }

    function softCap(TermsAt t) internal pure returns (uint256) {
        return _field(t, 3, 160, 88);
    }

    function investorMin(TermsAt t) internal pure returns (uint256) {
        return _field(t, 4, 0, 80);
    }

    function investorMax(TermsAt t) internal pure returns (uint256) {
        return _field(t, 4, 80, 80);
    }

    function hardCap(TermsAt t) internal pure returns (uint256) {
        return _field(t, 4, 160, 88);
    }

    function forSale(TermsAt t) internal pure returns (uint256) {
        return _field(t, 5, 0, 96);
    }

    function currency(TermsAt t) internal pure returns (address) {
        return _person(t, 5, 96);
    }

    function priceNumerator(TermsAt t) internal pure returns (uint256) {
        return _field(t, 6, 0, 128);
    }

    function priceDenominator(TermsAt t) internal pure returns (uint256) {
        return _field(t, 6, 128, 128);
    }

    function bonus(TermsAt t) internal pure returns (uint256) {
        return _field(t, 7, 0, 64);
    }

    function bonusPer(TermsAt t) internal pure returns (uint256) {
        return _field(t, 7, 64, 40);
    }

    function bonusUntil(TermsAt t) internal pure returns (uint256) {
        return _field(t, 7, 104, 40);
    }

    function bonusGranularity(TermsAt t) internal pure returns (uint256) {
        return _field(t, 7, 144, 40);
    }

    function token(TermsAt t) internal pure returns (address) {
        return _person(t, 8, 0);
    }

    function issuer(TermsAt t) internal pure returns (address) {
        return _person(t, 9, 0);
    }

    function beneficiary(TermsAt t) internal pure returns (address) {
        return _person(t, 10, 0);
    }

    /// @notice Whether accounts stay once their tokens are out.
    function keepsClaimed(TermsAt t) internal pure returns (bool) {
        return _field(t, 10, 160, 8) == uint256(AfterClaim.Keep);
    }

    function treasury(TermsAt t) internal pure returns (address) {
        return _person(t, 11, 0);
    }

    /// @notice A maximum as a number that bounds nothing where there is none.
    function widened(uint256 most) internal pure returns (uint256) {
        return most == NO_MAXIMUM ? type(uint256).max : most;
    }

    /// @notice The packed form; the factory has checked that every field fits.
    function pack(IEscrow.Terms memory t, AfterClaim claimed) internal pure returns (bytes memory) {
        return abi.encodePacked(words(t, claimed));
    }

    /// @notice The same as numbers.
    function words(IEscrow.Terms memory t, AfterClaim claimed) internal pure returns (uint256[WORDS] memory w) {
        w[0] = uint256(t.termsHash);
        w[1] = uint256(uint160(t.verifier)) | (t.round << 160) | (t.pauseLongest << 192) | (t.pauseCount << 224);
        w[2] = t.opens | (t.closes << 40) | (t.refundDeadline << 80) | (uint256(t.pricing) << 120)
            | (uint256(t.overCap) << 128) | (uint256(t.overLimit) << 136) | (t.withdrawalSpan << 144)
            | (t.withdrawalUntil << 184) | (uint256(t.pauseEnd) << 224);
        w[3] = t.contributionMin | (_narrowed(t.contributionMax) << 80) | (t.softCap << 160);
        w[4] = t.investorMin | (_narrowed(t.investorMax) << 80) | (t.hardCap << 160);
        w[5] = t.forSale | (uint256(uint160(t.currency)) << 96);
        w[6] = t.priceNumerator | (t.priceDenominator << 128);
        w[7] = t.bonus | (t.bonusPer << 64) | (t.bonusUntil << 104) | (t.bonusGranularity << 144);
        w[8] = uint160(t.token);
        w[9] = uint160(t.issuer);
        w[10] = uint256(uint160(t.beneficiary)) | (uint256(claimed) << 160);
        w[11] = uint160(t.treasury);
    }

    function _narrowed(uint256 most) private pure returns (uint256) {
        return most == type(uint256).max ? NO_MAXIMUM : most;
    }

    /// @notice As the interface shows them, and as they were announced.
    function unpack(TermsAt t) internal pure returns (IEscrow.Terms memory all) {
        (all.termsHash, all.issuer, all.beneficiary, all.verifier) = (termsHash(t), issuer(t), beneficiary(t), verifier(t));
        (all.currency, all.token, all.treasury, all.round) = (currency(t), token(t), treasury(t), round(t));
        (all.opens, all.closes, all.refundDeadline) = (opens(t), closes(t), refundDeadline(t));
        (all.softCap, all.hardCap, all.forSale) = (softCap(t), hardCap(t), forSale(t));
        (all.contributionMin, all.contributionMax) = (contributionMin(t), widened(contributionMax(t)));
        (all.investorMin, all.investorMax) = (investorMin(t), widened(investorMax(t)));
        (all.overCap, all.overLimit, all.pricing) = (overCap(t), overLimit(t), pricing(t));
        (all.priceNumerator, all.priceDenominator) = (priceNumerator(t), priceDenominator(t));
        (all.bonus, all.bonusPer) = (bonus(t), bonusPer(t));
        (all.bonusUntil, all.bonusGranularity) = (bonusUntil(t), bonusGranularity(t));
        (all.pauseLongest, all.pauseCount) = (pauseLongest(t), pauseCount(t));
        (all.withdrawalSpan, all.withdrawalUntil) = (withdrawalSpan(t), withdrawalUntil(t));
        all.pauseEnd = isMoved(t) ? IEscrow.PauseEnd.Moves : IEscrow.PauseEnd.Fixed;
    }

    /// @notice How many price steps this clone has.
    function stepCount() internal view returns (uint256) {
        return (address(this).code.length - START) / 32 - WORDS;
    }

    /// @notice One price step; they are sorted by position.
    function step(uint256 index) internal view returns (uint256 from, uint256 numerator, uint256 denominator) {
        uint256 word;
        uint256 offset = START + (WORDS + index) * 32;
        assembly ("memory-safe") {
            extcodecopy(address(), 0, offset, 32)
            word := mload(0)
        }
        uint256 mask = (1 << PRICE_BITS) - 1;
        return (word >> (2 * PRICE_BITS), (word >> PRICE_BITS) & mask, word & mask);
    }
}
