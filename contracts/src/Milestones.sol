// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AfterSale} from "./AfterSale.sol";
import {IEscrow} from "./IEscrow.sol";
import {IMilestones} from "./IMilestones.sol";
import {Payments} from "./Payments.sol";
import {SaleToken} from "./SaleToken.sol";

/// @title The money of one sale, released by milestones
/// @notice See `IMilestones` for what each function promises.
/// @dev Every function writes its state before it calls anybody. What contributors may have in all is fixed when refunds
/// open: `left` times their part of the accepted money, rounded down. So no order of refunds can pay more than is held,
/// and nobody's part depends on who came before. What rounding leaves, less than a unit for each contributor, stays.
contract Milestones is IMilestones, AfterSale {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Basis points of the whole.
    uint256 private constant WHOLE = 10_000;

    Progress private _progress;
    /// @dev What the beneficiary got.
    uint256 private _released;
    /// @dev The latest milestone an investor objected to, counted from one.
    mapping(address investor => uint256) private _objectedTo;
    /// @inheritdoc IMilestones
    mapping(address investor => uint256) public givenBack;

    /// @notice The escrow pays in.
    receive() external payable {
        if (msg.sender != address(escrow())) revert NotEscrow();
    }

    /// @dev Takes the money out of the escrow if nobody did. A currency that delivered less than was accepted makes the
    /// parts smaller; what else lies here counts for nothing.
    function _begin() internal override {
        IEscrow sale = escrow();
        if (sale.totals().phase != IEscrow.Phase.Drawn) sale.draw();
        address currency = sale.terms().currency;
        uint256 held =
            currency == address(0) ? address(this).balance : IERC20(currency).balanceOf(address(this));
        // A call back from the currency finds a total of zero, of which nothing can be paid.
        // slither-disable-next-line reentrancy-benign
        _progress.total = Math.min(held, sale.totals().raised).toUint88();
    }

    /// @inheritdoc IMilestones
    function announce() external {
        if (msg.sender != escrow().terms().issuer) revert NotIssuer();
        Plan memory p = plan();
        Progress memory s = _running(p);
        if (s.objectionsUntil != 0) revert AlreadyAnnounced(s.objectionsUntil);
        uint256 earliest = begunAt() + p.milestones[s.next].earliest;
        if (block.timestamp < earliest) revert TooEarly(earliest);
        uint256 until = block.timestamp + p.objectionWindow;
        uint256 deadline = begunAt() + p.deadline;
        if (until >= deadline) revert TooLate(deadline);
        _progress.objectionsUntil = until.toUint40();
        _progress.objections = 0;
        emit MilestoneAnnounced(s.next, until);
    }

    /// @inheritdoc IMilestones
    function object() external {
        Plan memory p = plan();
        Progress memory s = _running(p);
        if (s.objectionsUntil == 0) revert NotAnnounced();
        if (block.timestamp >= s.objectionsUntil) revert ObjectionsOver(s.objectionsUntil);
        (uint256 accepted,) = stakeOf(msg.sender);
        if (accepted == 0) revert NotAContributor();
        uint256 number = uint256(s.next) + 1;
        if (_objectedTo[msg.sender] == number) revert AlreadyObjected();
        _objectedTo[msg.sender] = number;
        uint256 objections = s.objections + accepted;
        _progress.objections = objections.toUint88();
        emit Objected(msg.sender, s.next, accepted);
        if (objections * WHOLE >= escrow().totals().raised * p.stopShare) {
            _progress.releases = Releases.Stopped;
            emit Stopped(s.next, objections);
        }
    }

    /// @inheritdoc IMilestones
    function release() external {
        Plan memory p = plan();
        Progress memory s = _running(p);
        if (s.objectionsUntil == 0) revert NotAnnounced();
        if (block.timestamp < s.objectionsUntil) revert ObjectionsOpen(s.objectionsUntil);
        // Begins at zero, as every variable does.
        // slither-disable-next-line uninitialized-local
        uint256 parts;
        for (uint256 i = 0; i <= s.next; ++i) {
            parts += p.milestones[i].part;
        }
        // Rounded down over all parts so far, so that the last one pays everything.
        uint256 amount = s.total * parts / WHOLE - _released;
        _released += amount;
        _progress.next = s.next + 1;
        _progress.objectionsUntil = 0;
        emit MilestoneReleased(s.next, amount);
        _pay(p.beneficiary, amount);
    }

    /// @inheritdoc IMilestones
    function refund(uint256 tokens) external {
        if (!refundsOpen()) revert RefundsNotOpen();
        (uint256 accepted, uint256 bought) = stakeOf(msg.sender);
        if (accepted == 0) revert NotAContributor();
        uint256 before = givenBack[msg.sender];
        if (tokens > bought - before) revert TooManyTokens(bought - before);
        uint256 raised = escrow().totals().raised;
        uint256 amount = _part(accepted, bought, before + tokens, raised) - _part(accepted, bought, before, raised);
        if (amount == 0) revert NothingDue();
        givenBack[msg.sender] = before + tokens;
        emit Refunded(msg.sender, tokens, amount);
        SaleToken token = SaleToken(escrow().terms().token);
        IERC20(address(token)).safeTransferFrom(msg.sender, address(this), tokens);
        token.burn(tokens);
        _pay(msg.sender, amount);
    }

    /// @dev Money for the first `given` of `bought` tokens: `left x accepted / raised x given / bought`, rounded down once.
    /// 88, 80 and 88 bits make 256, so the product fits.
    function _part(uint256 accepted, uint256 bought, uint256 given, uint256 raised) private view returns (uint256) {
        return left() * accepted * given / (raised * bought);
    }

    function _pay(address to, uint256 amount) private {
        if (amount == 0) return;
        if (!Payments.pay(escrow().terms().currency, to, amount, gasleft())) revert PaymentFailed();
    }

    /// @dev The progress, where there are milestones to come.
    function _running(Plan memory p) private view returns (Progress memory s) {
        s = _progress;
        _elapsed();
        if (s.next == p.milestones.length) revert AllReleased();
        if (_refundsOpen(p, s)) revert RefundsOpen();
    }

    function _refundsOpen(Plan memory p, Progress memory s) private view returns (bool) {
        if (s.releases == Releases.Stopped) return true;
        return begunAt() != 0 && s.next < p.milestones.length && _elapsed() >= p.deadline;
    }

    /// @inheritdoc IMilestones
    function stakeOf(address investor) public view returns (uint256 accepted, uint256 tokens) {
        IEscrow.Account memory a = escrow().account(investor);
        // Who got money back, or whose money came to no token, never claims. This escrow keeps who did: its factory said so.
        if (a.standing != IEscrow.Standing.Claimed) return (0, 0);
        accepted = a.accepted;
        IEscrow.Terms memory t = escrow().terms();
        if (t.pricing != IEscrow.Pricing.Fixed) return (accepted, a.tokens);
        // More than fits is there only where all get the same part of what they asked for; then `raised` is what they asked.
        uint256 raised = escrow().totals().raised;
        uint256 fits = Math.min(t.hardCap, Math.mulDiv(t.forSale, t.priceDenominator, t.priceNumerator));
        uint256 part = raised > fits ? accepted * fits / raised : accepted;
        tokens = Math.mulDiv(part, t.priceNumerator, t.priceDenominator);
    }

    /// @inheritdoc IMilestones
    function plan() public view returns (Plan memory) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (Plan));
    }

    /// @inheritdoc IMilestones
    function progress() external view returns (Progress memory) {
        return _progress;
    }

    /// @inheritdoc IMilestones
    function refundsOpen() public view returns (bool) {
        return _refundsOpen(plan(), _progress);
    }

    /// @inheritdoc IMilestones
    function left() public view returns (uint256) {
        return _progress.total - _released;
    }
}
