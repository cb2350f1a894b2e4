// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccountWord, TotalsWord} from "./EscrowState.sol";
import {TermsAt} from "./EscrowTerms.sol";
import {Escrow} from "./Escrow.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title The escrow of a round whose investors may take contributions back for a while
/// @notice See `IEscrow` and `IWithdrawal` for what each function promises.
/// @dev A contract of its own, so that whoever has no such right pays no gas for it.
contract WithdrawableEscrow is Escrow, Withdrawals {
    function _standingOf(address investor) internal view override returns (TotalsWord s, AccountWord a) {
        return (_totals, _accounts[investor].word);
    }

    function _takeBack(TermsAt t, AccountWord a, uint256 amount, uint256 tokens) internal override {
        _accounts[msg.sender].word = a.less(amount, tokens);
        _takeOut(t, msg.sender, a, amount, tokens);
    }

    function _noteAccepted(TermsAt t, uint256 accepted, uint256 tokens) internal override {
        _noteRight(t, accepted, tokens);
    }

    function _overAt(TermsAt t) internal view override returns (uint256) {
        return _afterRights(_closesAt(t));
    }
}
