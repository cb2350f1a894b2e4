// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccountWord, MASK_80, TotalsWord} from "./EscrowState.sol";
import {TermsAt} from "./EscrowTerms.sol";
import {RoundsEscrow} from "./RoundsEscrow.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title The escrow of several rounds whose investors may take contributions back for a while
/// @notice See `IEscrow`, `IRounds` and `IWithdrawal` for what each function promises.
/// @dev Rights are of contributions, whatever their round was. What is taken back is free in the round that it came to, while that is
/// open, and in the sale.
contract WithdrawableRoundsEscrow is RoundsEscrow, Withdrawals {
    function _standingOf(address investor) internal view override returns (TotalsWord s, AccountWord a) {
        return (_totals, _accounts[investor].word);
    }

    /// @dev Bounds count from what the investor had when they came to their round, so with less of that the permit of this round allows
    /// as much in the round, and less in all.
    function _takeBack(TermsAt t, AccountWord a, uint256 amount, uint256 tokens) internal override {
        Stay storage stay = _stays[msg.sender];
        uint256 had = stay.accepted;
        _takeOut(t, msg.sender, a, amount, tokens);
        AccountWord left = a.less(amount, tokens);
        // The largest number bounds nothing.
        if (a.cap() != MASK_80) left = left.withLessCap(had - stay.accepted);
        _accounts[msg.sender].word = left;
    }

    function _noteGone(address investor, Stay memory stay, uint256 gone, uint256 fewer) internal override {
        if (gone == 0) return;
        // As many bits as the fields have, which hold as much.
        _stays[investor] = Stay(stay.accepted - uint80(gone), stay.tokens - uint88(fewer), stay.ahead);
    }

    function _noteAccepted(TermsAt t, uint256 accepted, uint256 tokens) internal override {
        super._noteAccepted(t, accepted, tokens);
        _noteRight(t, accepted, tokens);
    }

    function _overAt(TermsAt t) internal view override returns (uint256) {
        return _afterRights(_closesAt(t));
    }
}
