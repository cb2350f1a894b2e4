// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AfterClaim, EscrowTerms, TermsAt} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IRounds} from "./IRounds.sol";

/// @title The rounds of a sale in the code of a clone
/// @notice Behind the packed terms of the sale each round has seven words: those of the terms in which a round can differ, packed in
/// the same way. So the terms of a round are terms of an escrow with these words in their place.
library RoundTerms {
    /// @notice Most entries, of which one has one price or a line of it: whoever contributes looks for theirs.
    uint256 internal constant MOST = 16;
    /// @dev Words of one round, and the first one in the packed terms.
    uint256 private constant WORDS = 7;
    uint256 private constant FIRST = 1;
    /// @dev Bytes of the clone before the rounds.
    uint256 private constant START = EscrowTerms.START + EscrowTerms.WORDS * 32;
    /// @dev Place in memory, behind the terms of the round, of what the investor had when they came to it; before them lie those
    /// of the sale.
    uint256 private constant BEFORE = EscrowTerms.WORDS * 32;

    /// @notice How many entries this clone has: the rounds, and one more for each further price of a round.
    function count() internal view returns (uint256) {
        return (address(this).code.length - START) / (WORDS * 32);
    }

    /// @notice How many rounds this clone has.
    function rounds() internal view returns (uint256) {
        return _numberAt(EscrowTerms.START + FIRST * 32);
    }

    /// @notice The number of an entry's round.
    function numberOf(uint256 index) internal view returns (uint256) {
        return _numberAt(_offsetOf(index));
    }

    /// @dev Where an entry begins in the code of this clone.
    function _offsetOf(uint256 index) private pure returns (uint256) {
        // Whoever asks has compared it with the count.
        unchecked {
            return START + index * WORDS * 32;
        }
    }

    /// @dev As `EscrowTerms.round` has it, of the sale or of a round.
    function _numberAt(uint256 offset) private view returns (uint256 which) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0, offset, 32)
            which := and(shr(160, mload(0)), 0xffffffff)
        }
    }

    /// @notice First second after the window of a round: that of its last entry.
    function endOf(uint256 number) internal view returns (uint256) {
        uint256 index = count() - 1;
        // Every number below the count of rounds has an entry.
        while (numberOf(index) != number) --index;
        return closesOf(index);
    }

    /// @notice The entry whose window is open at a position, or else the next one; after all of them the last one.
    function indexAt(uint256 position) internal view returns (uint256 index) {
        uint256 last = count() - 1;
        while (index < last && position >= closesOf(index)) ++index;
    }

    /// @notice First second after the window of an entry.
    function closesOf(uint256 index) internal view returns (uint256 closes) {
        uint256 offset = _offsetOf(index);
        assembly ("memory-safe") {
            extcodecopy(address(), 0, add(offset, 32), 32)
            // As `EscrowTerms.closes` has it.
            closes := and(shr(40, mload(0)), 0xffffffffff)
        }
    }

    /// @notice The terms of an entry.
    function load(uint256 index) internal view returns (TermsAt t) {
        // Read twice: what bounds the sale stays beside what bounds the round, and is found by its place.
        // slither-disable-next-line unused-return
        EscrowTerms.load();
        t = EscrowTerms.load();
        uint256 offset = _offsetOf(index);
        assembly ("memory-safe") {
            mstore(0x40, add(mload(0x40), 32))
            extcodecopy(address(), add(t, mul(FIRST, 32)), offset, mul(WORDS, 32))
        }
    }

    /// @notice The terms of the sale, of which these are a round's.
    function sale(TermsAt t) internal pure returns (TermsAt) {
        return TermsAt.wrap(TermsAt.unwrap(t) - EscrowTerms.WORDS * 32);
    }

    /// @notice What the investor had before this round.
    function before(TermsAt t) internal pure returns (uint256 accepted) {
        uint256 place = TermsAt.unwrap(t) + BEFORE;
        assembly ("memory-safe") {
            accepted := mload(place)
        }
    }

    /// @notice Makes bounds of a round bounds of the sale: who had `accepted` when they came to the round may have so much more,
    /// and of all money and tokens there may be so much more than the sale had when the round began. What bounds the sale holds, too.
    function accumulate(TermsAt t, uint256 accepted, uint256 raised, uint256 counted) internal pure {
        TermsAt all = sale(t);
        uint256 none = EscrowTerms.NO_MAXIMUM;
        uint256 limits = _least(accepted + t.investorMin(), none);
        limits |= _least(_least(accepted + t.investorMax(), all.investorMax()), none) << 80;
        limits |= _least(raised + t.hardCap(), all.hardCap()) << 160;
        uint256 sales = _least(counted + t.forSale(), all.forSale()) | (uint256(uint160(t.currency())) << 96);
        uint256 place = TermsAt.unwrap(t) + BEFORE;
        assembly ("memory-safe") {
            mstore(add(t, 128), limits)
            mstore(add(t, 160), sales)
            mstore(place, accepted)
        }
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @notice The rounds as they lie in the code; the factory has checked that every field fits.
    function pack(IEscrow.Terms memory t, IRounds.Round[] memory rounds_) internal pure returns (bytes memory packed) {
        uint256[] memory all = new uint256[](rounds_.length * WORDS);
        uint256 number = 0;
        for (uint256 i = 0; i < rounds_.length; ++i) {
            if (i != 0 && !rounds_[i].continued) ++number;
            // As many as `EscrowTerms.WORDS`; a library's constant is no length of an array.
            uint256[12] memory words = EscrowTerms.words(asTerms(t, rounds_[i], number), AfterClaim.Empty);
            for (uint256 k = 0; k < WORDS; ++k) {
                all[i * WORDS + k] = words[FIRST + k];
            }
        }
        return abi.encodePacked(all);
    }

    /// @notice A round as terms of an escrow: what it does not say itself is said by the sale.
    function asTerms(IEscrow.Terms memory t, IRounds.Round memory r, uint256 number)
        internal
        pure
        returns (IEscrow.Terms memory one)
    {
        (one.round, one.currency, one.refundDeadline, one.softCap) = (number, t.currency, t.refundDeadline, t.softCap);
        (one.pauseLongest, one.pauseCount) = (t.pauseLongest, t.pauseCount);
        (one.withdrawalSpan, one.withdrawalUntil) = (t.withdrawalSpan, t.withdrawalUntil);
        (one.verifier, one.opens, one.closes) = (r.verifier, r.opens, r.closes);
        (one.contributionMin, one.contributionMax) = (r.contributionMin, r.contributionMax);
        (one.investorMin, one.investorMax) = (r.investorMin, r.investorMax);
        (one.hardCap, one.forSale, one.overCap, one.overLimit) = (r.hardCap, r.forSale, r.overCap, r.overLimit);
        (one.pricing, one.priceNumerator, one.priceDenominator) =
            (IEscrow.Pricing.Linear, r.priceNumerator, r.priceDenominator);
        (one.bonus, one.bonusPer) = (r.bonus, r.bonusPer);
        (one.bonusUntil, one.bonusGranularity) = (r.bonusUntil, r.bonusGranularity);
    }

    /// @notice A round as the interface shows it; whether it continues another one is not in its own terms.
    function asRound(TermsAt t) internal pure returns (IRounds.Round memory r) {
        IEscrow.Terms memory one = EscrowTerms.unpack(t);
        (r.verifier, r.opens, r.closes) = (one.verifier, one.opens, one.closes);
        (r.contributionMin, r.contributionMax) = (one.contributionMin, one.contributionMax);
        (r.investorMin, r.investorMax) = (one.investorMin, one.investorMax);
        (r.hardCap, r.forSale, r.overCap, r.overLimit) = (one.hardCap, one.forSale, one.overCap, one.overLimit);
        (r.priceNumerator, r.priceDenominator) = (one.priceNumerator, one.priceDenominator);
        (r.bonus, r.bonusPer) = (one.bonus, one.bonusPer);
        (r.bonusUntil, r.bonusGranularity) = (one.bonusUntil, one.bonusGranularity);
    }
}
