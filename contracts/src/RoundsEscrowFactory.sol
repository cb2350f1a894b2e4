// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EscrowFactory} from "./EscrowFactory.sol";
import {AfterClaim} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IRounds} from "./IRounds.sol";
import {RoundTerms} from "./RoundTerms.sol";
import {RoundsEscrow} from "./RoundsEscrow.sol";

/// @title Announces offerings with several rounds under one soft cap
/// @notice As `EscrowFactory`, with `RoundsEscrow` behind its escrows.
contract RoundsEscrowFactory is EscrowFactory {
    /// @notice An escrow of this factory has rounds: `announceRounds`.
    function announce(IEscrow.Terms memory, Step[] calldata, TokenPlan memory)
        external
        pure
        override
        returns (address, address)
    {
        revert InvalidTerms(Problem.Rounds);
    }

    /// @notice Makes the escrow and the token of an offering. The sender is the issuer.
    /// @param t The sale as a whole, with `token` empty; it is filled in.
    /// @param rounds The rounds, one after the other.
    /// @param plan The token.
    function announceRounds(IEscrow.Terms memory t, IRounds.Round[] memory rounds, TokenPlan memory plan)
        external
        returns (address escrow, address token)
    {
        return _announceRounds(t, rounds, plan, AfterClaim.Empty);
    }

    /// @dev What becomes of an account after its claim follows from what comes after the sale, so nobody can ask for it.
    function _announceRounds(
        IEscrow.Terms memory t,
        IRounds.Round[] memory rounds,
        TokenPlan memory plan,
        AfterClaim claimed
    ) internal returns (address escrow, address token) {
        _check(t);
        _checkWithdrawal(t);
        // Tokens are added up, whatever the prices of the rounds are; and what is above a cap is not shared out.
        _require(t.pricing == IEscrow.Pricing.Linear, Problem.Rounds);
        _require(t.pauseEnd == IEscrow.PauseEnd.Fixed, Problem.Pause);
        _checkPrice(t.priceNumerator, t.priceDenominator, type(uint128).max);
        _checkLine(t);
        _require(t.overCap != IEscrow.Misfit.Share && t.overLimit != IEscrow.Misfit.Share, Problem.Share);
        uint256 count = rounds.length;
        _require(count > 1 && count <= RoundTerms.MOST, Problem.Rounds);
        _require(t.opens == rounds[0].opens && t.closes == rounds[count - 1].closes, Problem.Rounds);
        uint256 number = 0;
        for (uint256 i = 0; i < count; ++i) {
            IRounds.Round memory r = rounds[i];
            if (r.continued) _require(i != 0 && _isContinued(rounds[i - 1], r), Problem.Rounds);
            else ++number;
            _require(r.opens < r.closes, Problem.Window);
            _require(i == 0 || rounds[i - 1].closes <= r.opens, Problem.Rounds);
            _require(r.hardCap != 0 && r.hardCap <= t.hardCap, Problem.Caps);
            _require(r.forSale != 0 && r.forSale <= t.forSale, Problem.ForSale);
            _require(r.overCap != IEscrow.Misfit.Share && r.overLimit != IEscrow.Misfit.Share, Problem.Share);
            _checkBounds(r.contributionMin, r.contributionMax);
            _checkBounds(r.investorMin, r.investorMax);
            _checkPrice(r.priceNumerator, r.priceDenominator, type(uint128).max);
            _checkLine(RoundTerms.asTerms(t, r, i));
        }
        // The sale as a whole names no round, but how many there are.
        _require(number > 1 && t.round == number, Problem.Rounds);
        return _make(t, RoundTerms.pack(t, rounds), plan, claimed);
    }

    /// @dev Whether nothing but windows and prices differ, and no time is between.
    function _isContinued(IRounds.Round memory a, IRounds.Round memory b) private pure returns (bool) {
        return a.closes == b.opens && a.verifier == b.verifier && a.hardCap == b.hardCap && a.forSale == b.forSale
            && a.contributionMin == b.contributionMin && a.contributionMax == b.contributionMax
            && a.investorMin == b.investorMin && a.investorMax == b.investorMax && a.overCap == b.overCap
            && a.overLimit == b.overLimit;
    }

    function _makeEscrow() internal virtual override returns (address) {
        return address(new RoundsEscrow());
    }
}
