// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccountWord, TotalsWord} from "./EscrowState.sol";
import {EscrowTerms, TermsAt} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IWithdrawal} from "./IWithdrawal.sol";
import {Payments} from "./Payments.sol";

/// @title The right to take contributions back, for an escrow that says what they are
/// @notice See `IWithdrawal` for what each function promises.
/// @dev Apart from the escrows, because that of several rounds inherits from another one than that of one round.
abstract contract Withdrawals is IWithdrawal {
    /// @dev A contribution whose right ends on its own, and how many of its investor are kept before it.
    struct Lot {
        uint80 accepted;
        uint88 tokens;
        uint40 position;
        uint48 before;
    }

    /// @dev Contributions that one transaction takes back at most: with 10,000 gas each they fit a transaction.
    uint256 private constant MOST = 500;

    /// @dev The latest one of each investor, so that whoever contributes once pays for one slot.
    mapping(address investor => Lot) private _latest;
    /// @dev Those before it, by their number.
    mapping(address investor => mapping(uint256 number => Lot)) private _earlier;
    /// @dev When the last right ends of all contributions so far, also of those that were taken back.
    uint256 private _rightsEnd;

    /// @inheritdoc IWithdrawal
    function withdraw() external {
        TermsAt t = EscrowTerms.load();
        (TotalsWord s, AccountWord a) = _standingOf(msg.sender);
        if (s.phase() != IEscrow.Phase.Sale) revert IEscrow.WrongPhase(s.phase());
        // Who was returned takes a refund.
        if (!a.isInside()) revert IEscrow.NothingDue();
        (uint256 amount, uint256 tokens) = t.withdrawalSpan() == 0 ? _withdrawAll(t, a) : _withdrawLatest(t);
        if (amount == 0) revert IEscrow.NothingDue();
        _takeBack(t, a, amount, tokens);
        if (!Payments.pay(t.currency(), msg.sender, amount, gasleft())) revert IEscrow.PaymentFailed();
    }

    /// @inheritdoc IWithdrawal
    function withdrawable(address investor) external view returns (uint256 amount) {
        TermsAt t = EscrowTerms.load();
        (TotalsWord s, AccountWord a) = _standingOf(investor);
        if (s.phase() != IEscrow.Phase.Sale || !a.isInside()) return 0;
        uint256 span = t.withdrawalSpan();
        if (span == 0) return block.timestamp < t.withdrawalUntil() ? a.accepted() : 0;
        Lot memory lot = _latest[investor];
        for (uint256 i = 0; i < MOST && block.timestamp < lot.position + span; ++i) {
            amount += lot.accepted;
            if (lot.before == 0) break;
            lot = _earlier[investor][lot.before - 1];
        }
    }

    function _withdrawAll(TermsAt t, AccountWord a) private returns (uint256 amount, uint256 tokens) {
        if (block.timestamp >= t.withdrawalUntil()) return (0, 0);
        (amount, tokens) = (a.accepted(), a.tokens());
        emit Withdrawn(msg.sender, amount, tokens);
    }

    function _withdrawLatest(TermsAt t) private returns (uint256 amount, uint256 tokens) {
        uint256 span = t.withdrawalSpan();
        Lot memory lot = _latest[msg.sender];
        for (uint256 i = 0; i < MOST && block.timestamp < lot.position + span; ++i) {
            amount += lot.accepted;
            tokens += lot.tokens;
            emit Withdrawn(msg.sender, lot.accepted, lot.tokens);
            uint256 before = lot.before;
            if (before == 0) {
                delete lot;
                break;
            }
            lot = _earlier[msg.sender][before - 1];
            delete _earlier[msg.sender][before - 1];
        }
        _latest[msg.sender] = lot;
    }

    /// @dev Where the sale stands, and an investor in it.
    function _standingOf(address investor) internal view virtual returns (TotalsWord s, AccountWord a);

    /// @dev Takes the latest money of the sender's account, and what caps count for it, out of account and sale.
    function _takeBack(TermsAt t, AccountWord a, uint256 amount, uint256 tokens) internal virtual;

    /// @dev Keeps the right of a contribution of the sender. What is accepted and its tokens fit the fields: they fit those of the
    /// account.
    function _noteRight(TermsAt t, uint256 accepted, uint256 tokens) internal {
        uint256 end = t.withdrawalUntil();
        if (end == 0) {
            end = block.timestamp + t.withdrawalSpan();
            Lot memory lot = _latest[msg.sender];
            uint48 before = 0;
            if (lot.accepted != 0) {
                _earlier[msg.sender][lot.before] = lot;
                before = lot.before + 1;
            }
            _latest[msg.sender] = Lot(uint80(accepted), uint88(tokens), uint40(block.timestamp), before);
        }
        // Time does not run back, so this right ends last.
        if (_rightsEnd != end) _rightsEnd = end;
    }

    /// @dev The later of a position and the end of the last right.
    function _afterRights(uint256 position) internal view returns (uint256) {
        return _rightsEnd > position ? _rightsEnd : position;
    }
}
