// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";

/// @dev An `IEscrow.Account` in one storage word, from the lowest bit: cap 80, accepted 80, tokens 88, standing 8.
/// A word is read once and written once, where a struct in memory is taken apart and put together each time.
type AccountWord is uint256;

using {cap, accepted, tokens, standing, isAdmitted, isInside, isReturned, isClosed} for AccountWord global;
using {withCap, withLessCap, withStanding, returned, refunded, plus, less, unpack} for AccountWord global;

/// @dev An `IEscrow.Totals` in one storage word: raised 88, counted 96, slack 32, pausedUntil 32, phase 8.
type TotalsWord is uint256;

using {raised, counted, slack, pausedUntil, phase, wasStopped, isSold, withPhase, plusSale, unpackTotals} for TotalsWord global;

uint256 constant MASK_8 = (1 << 8) - 1;
uint256 constant MASK_32 = (1 << 32) - 1;
uint256 constant MASK_80 = (1 << 80) - 1;
uint256 constant MASK_88 = (1 << 88) - 1;
uint256 constant MASK_96 = (1 << 96) - 1;

/// @dev Whether one of two holds, both looked at, without a jump.
function either(bool a, bool b) pure returns (bool holds) {
    assembly ("memory-safe") {
        holds := or(a, b)
    }
}

// ---------------------------------------------------------------------------------------------------- an account

/// @dev Most that may be accepted.
function cap(AccountWord a) pure returns (uint256) {
    return AccountWord.unwrap(a) & MASK_80;
}

/// @dev What was accepted.
function accepted(AccountWord a) pure returns (uint256) {
    return (AccountWord.unwrap(a) >> 80) & MASK_80;
}

/// @dev Tokens that caps count.
function tokens(AccountWord a) pure returns (uint256) {
    return (AccountWord.unwrap(a) >> 160) & MASK_88;
}

/// @dev Where the investor stands. Only `withStanding` writes these bits, so they hold a case of the enum.
function standing(AccountWord a) pure returns (IEscrow.Standing which) {
    uint256 bits = AccountWord.unwrap(a) >> 248;
    assembly {
        which := bits
    }
}

/// @dev Whether the investor may contribute.
function isAdmitted(AccountWord a) pure returns (bool) {
    return AccountWord.unwrap(a) >> 248 == uint256(IEscrow.Standing.Admitted);
}

/// @dev Whether the investor's money is in the sale: neither returned nor paid out.
function isInside(AccountWord a) pure returns (bool) {
    return either(isAdmitted(a), AccountWord.unwrap(a) >> 248 == uint256(IEscrow.Standing.Revoked));
}

/// @dev Whether the money is due back whatever becomes of the sale.
function isReturned(AccountWord a) pure returns (bool) {
    return AccountWord.unwrap(a) >> 248 == uint256(IEscrow.Standing.Returned);
}

/// @dev Whether no permit can be shown any more.
function isClosed(AccountWord a) pure returns (bool) {
    return AccountWord.unwrap(a) >> 248 > uint256(IEscrow.Standing.Admitted);
}

/// @dev Admitted for `most`, which must be below 2^80.
function withCap(AccountWord a, uint256 most) pure returns (AccountWord) {
    uint256 rest = (AccountWord.unwrap(a) & ~MASK_80) | most;
    return withStanding(AccountWord.wrap(rest), IEscrow.Standing.Admitted);
}

/// @dev Admitted for so much less, which the cap must have.
function withLessCap(AccountWord a, uint256 by) pure returns (AccountWord) {
    unchecked {
        return AccountWord.wrap(AccountWord.unwrap(a) - by);
    }
}

/// @dev The same account, standing elsewhere.
function withStanding(AccountWord a, IEscrow.Standing which) pure returns (AccountWord) {
    uint256 rest = AccountWord.unwrap(a) & ((1 << 248) - 1);
    return AccountWord.wrap(rest | (uint256(which) << 248));
}

/// @dev The money is due back and the tokens are not counted any more.
function returned(AccountWord a) pure returns (AccountWord) {
    uint256 rest = AccountWord.unwrap(a) & ((1 << 160) - 1);
    return withStanding(AccountWord.wrap(rest), IEscrow.Standing.Returned);
}

/// @dev An account that was paid, where nothing comes in any more. An empty word costs its owner 4,800 less.
AccountWord constant EMPTY = AccountWord.wrap(0);

/// @dev The account once its money is out. Of a return it stays, because the sale may go on and must not let the
/// investor in again.
function refunded(AccountWord a) pure returns (AccountWord) {
    if (isReturned(a)) return withStanding(a, IEscrow.Standing.Refunded);
    return EMPTY;
}

/// @dev One contribution more. The sums must fit: 80 bits of money and 88 of tokens; then no carry leaves its field.
function plus(AccountWord a, uint256 money, uint256 more) pure returns (AccountWord) {
    unchecked {
        return AccountWord.wrap(AccountWord.unwrap(a) + (money << 80) + (more << 160));
    }
}

/// @dev So much money and so many tokens less, which the account must have.
function less(AccountWord a, uint256 money, uint256 fewer) pure returns (AccountWord) {
    unchecked {
        return AccountWord.wrap(AccountWord.unwrap(a) - (money << 80) - (fewer << 160));
    }
}

/// @dev As the interface shows it.
function unpack(AccountWord a) pure returns (IEscrow.Account memory) {
    // The masks leave no more bits than the types have.
    return IEscrow.Account(uint80(cap(a)), uint80(accepted(a)), uint88(tokens(a)), standing(a));
}

// --------------------------------------------------------------------------------------------------- the totals

/// @dev Accepted money less what was returned.
function raised(TotalsWord s) pure returns (uint256) {
    return TotalsWord.unwrap(s) & MASK_88;
}

/// @dev Sum of the accounts' tokens.
function counted(TotalsWord s) pure returns (uint256) {
    return (TotalsWord.unwrap(s) >> 88) & MASK_96;
}

/// @dev What `counted` has too much; in a sale that is shared, how many investors have money in.
function slack(TotalsWord s) pure returns (uint256) {
    return (TotalsWord.unwrap(s) >> 184) & MASK_32;
}

/// @dev First second after the latest pause.
function pausedUntil(TotalsWord s) pure returns (uint256) {
    return (TotalsWord.unwrap(s) >> 216) & MASK_32;
}

/// @dev Where the sale stands. Only `withPhase` and `pack` write these bits, so they hold a case of the enum.
function phase(TotalsWord s) pure returns (IEscrow.Phase which) {
    uint256 bits = TotalsWord.unwrap(s) >> 248;
    assembly {
        which := bits
    }
}

/// @dev Whether the sale left its first phase, or was ever paused.
function wasStopped(TotalsWord s) pure returns (bool) {
    return TotalsWord.unwrap(s) >> 216 != 0;
}

/// @dev Whether the sale was settled.
function isSold(TotalsWord s) pure returns (bool) {
    uint256 bits = TotalsWord.unwrap(s) >> 248;
    return either(bits == uint256(IEscrow.Phase.Settled), bits == uint256(IEscrow.Phase.Drawn));
}

/// @dev The same totals in another phase.
function withPhase(TotalsWord s, IEscrow.Phase which) pure returns (TotalsWord) {
    uint256 rest = TotalsWord.unwrap(s) & ((1 << 248) - 1);
    return TotalsWord.wrap(rest | (uint256(which) << 248));
}

/// @dev One contribution more. The sums must fit: 88 bits of money, 96 of tokens, 32 of slack, which is the check
/// that stands here, because no cap bounds it.
function plusSale(TotalsWord s, uint256 money, uint256 more, uint256 extra) pure returns (TotalsWord) {
    unchecked {
        // Both are below 2^33, so the sum is exact.
        if (slack(s) + extra > MASK_32) revert IEscrow.AmountTooLarge();
        return TotalsWord.wrap(TotalsWord.unwrap(s) + money + (more << 88) + (extra << 184));
    }
}

/// @dev As the interface shows it.
function unpackTotals(TotalsWord s) pure returns (IEscrow.Totals memory) {
    // The masks leave no more bits than the types have.
    return IEscrow.Totals(uint88(raised(s)), uint96(counted(s)), uint32(slack(s)), uint32(pausedUntil(s)), phase(s));
}

/// @dev Back into a word.
function pack(IEscrow.Totals memory s) pure returns (TotalsWord) {
    uint256 word = uint256(s.raised) | (uint256(s.counted) << 88) | (uint256(s.slack) << 184);
    return TotalsWord.wrap(word | (uint256(s.pausedUntil) << 216) | (uint256(s.phase) << 248));
}
