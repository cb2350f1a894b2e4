// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {AfterSale} from "./AfterSale.sol";
import {EscrowFactory} from "./EscrowFactory.sol";
import {AfterClaim} from "./EscrowTerms.sol";
import {IEscrow} from "./IEscrow.sol";
import {IMilestones} from "./IMilestones.sol";
import {Milestones} from "./Milestones.sol";
import {Vesting} from "./Vesting.sol";

/// @title What a factory of escrows makes beside them for the time after the sale
/// @notice Makes, with escrow and token and in the same transaction, the contract that releases the money by milestones and
/// one for each share that vests. Each is told its escrow there, so none can be given another.
abstract contract AfterSaleFactory {
    /// @notice When a share of the token plan becomes free, and for whom.
    struct VestingPlan {
        /// Place of the share in the token plan; its `holder` is who gets the tokens in the end.
        uint256 share;
        uint256 cliff;
        uint256 duration;
    }

    /// @notice Which rule of the plans is broken.
    enum Flaw {
        Parts,
        Order,
        StopShare,
        ObjectionWindow,
        Deadline,
        Beneficiary,
        Share,
        Span
    }

    /// @notice The money of `escrow` goes through `milestones`.
    event MilestonesMade(address indexed escrow, address indexed milestones);
    /// @notice A share of the token of `escrow` vests.
    event VestingMade(address indexed escrow, address indexed vesting, uint256 share);

    /// @notice The plans cannot be kept; `flaw` says why.
    error InvalidPlan(Flaw flaw);

    /// @dev Basis points of the whole, and the most that a minority is.
    uint256 private constant WHOLE = 10_000;
    uint256 private constant MINORITY = 5_000;
    uint256 private constant MILESTONES_MOST = 100;
    /// @dev Spans end before a counter of 40 bits does.
    uint256 private constant SPAN_MOST = 36_500 days;

    /// @notice What all milestone contracts of this factory run.
    Milestones public immutable MILESTONES;
    /// @notice What all vesting contracts of this factory run.
    Vesting public immutable VESTING;

    /// @dev The two are made before, because all together pass the size of one transaction's code. Who knows a factory by its
    /// address, and reads the code of what it names, knows all: nothing changes either.
    constructor(Milestones milestones, Vesting vesting) {
        (MILESTONES, VESTING) = (milestones, vesting);
    }

    /// @dev Makes them before the escrow, which pays the one and whose token gives the others their shares: `t` and `plan` say so
    /// afterwards. With milestones the beneficiary of `t` must be theirs: it is who gets what they release.
    function _makeAfterSale(
        IEscrow.Terms memory t,
        EscrowFactory.TokenPlan memory plan,
        IMilestones.Plan calldata release,
        VestingPlan[] calldata vestings
    ) internal returns (AfterClaim claimed, address milestones, address[] memory vesting) {
        if (release.milestones.length != 0) {
            _checkRelease(t, release);
            milestones = Clones.cloneWithImmutableArgs(address(MILESTONES), abi.encode(release));
            t.beneficiary = milestones;
            claimed = AfterClaim.Keep;
        }
        vesting = new address[](vestings.length);
        for (uint256 i = 0; i < vestings.length; ++i) {
            // Sorted, so that no share vests twice.
            _refuse(i != 0 && vestings[i].share <= vestings[i - 1].share, Flaw.Order);
            vesting[i] = _makeVesting(plan, vestings[i]);
        }
    }

    /// @dev Tells each which escrow it belongs to.
    function _bindAfterSale(
        address escrow,
        address milestones,
        address[] memory vesting,
        VestingPlan[] calldata vestings
    ) internal {
        if (milestones != address(0)) {
            // Clones of our own code, none of which calls anybody while it is made.
            // slither-disable-next-line reentrancy-events
            AfterSale(milestones).bind(IEscrow(escrow));
            emit MilestonesMade(escrow, milestones);
        }
        for (uint256 i = 0; i < vesting.length; ++i) {
            // Clones of our own code, made above.
            // slither-disable-next-line calls-loop,reentrancy-events
            AfterSale(vesting[i]).bind(IEscrow(escrow));
            emit VestingMade(escrow, vesting[i], vestings[i].share);
        }
    }

    /// @notice Settles a sale and lets what comes after it count time from the same second. Anybody may.
    function settle(IEscrow escrow, AfterSale[] calldata list) external {
        escrow.settle();
        for (uint256 i = 0; i < list.length; ++i) {
            // The caller names the list and pays for it.
            // slither-disable-next-line calls-loop
            list[i].begin();
        }
    }

    /// @dev The share's holder becomes the beneficiary, and the clone the holder.
    function _makeVesting(EscrowFactory.TokenPlan memory plan, VestingPlan calldata wanted) private returns (address clone) {
        _refuse(wanted.share >= plan.shares.length, Flaw.Share);
        address holder = plan.shares[wanted.share].holder;
        uint256 whole = plan.shares[wanted.share].amount;
        // 128 and 40 bits: the product of tokens and time cannot overflow.
        _refuse(whole == 0 || whole > type(uint128).max, Flaw.Share);
        _refuse(holder == address(0), Flaw.Beneficiary);
        _refuse(wanted.cliff > wanted.duration || wanted.duration > SPAN_MOST, Flaw.Span);
        Vesting.Plan memory p = Vesting.Plan(holder, whole, wanted.cliff, wanted.duration);
        clone = Clones.cloneWithImmutableArgs(address(VESTING), abi.encode(p));
        plan.shares[wanted.share].holder = clone;
    }

    function _checkRelease(IEscrow.Terms memory t, IMilestones.Plan calldata release) private pure {
        _refuse(release.beneficiary == address(0) || release.beneficiary != t.beneficiary, Flaw.Beneficiary);
        _refuse(release.stopShare == 0 || release.stopShare > MINORITY, Flaw.StopShare);
        _refuse(release.objectionWindow == 0, Flaw.ObjectionWindow);
        uint256 count = release.milestones.length;
        _refuse(count > MILESTONES_MOST, Flaw.Parts);
        // Both begin at zero, as every variable does.
        // slither-disable-next-line uninitialized-local
        uint256 parts;
        // slither-disable-next-line uninitialized-local
        uint256 time;
        for (uint256 i = 0; i < count; ++i) {
            IMilestones.Milestone calldata one = release.milestones[i];
            _refuse(one.part == 0 || one.part > WHOLE, Flaw.Parts);
            _refuse(i != 0 && one.earliest < release.milestones[i - 1].earliest, Flaw.Order);
            _refuse(one.earliest > SPAN_MOST || release.objectionWindow > SPAN_MOST, Flaw.Deadline);
            parts += one.part;
            // A milestone comes after its own earliest position and after the objections to all before it.
            time = (time > one.earliest ? time : one.earliest) + release.objectionWindow;
        }
        _refuse(parts != WHOLE, Flaw.Parts);
        _refuse(release.deadline <= time || release.deadline > SPAN_MOST, Flaw.Deadline);
    }

    function _refuse(bool broken, Flaw flaw) private pure {
        if (broken) revert InvalidPlan(flaw);
    }
}
