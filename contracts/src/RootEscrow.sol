// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRootEscrow} from "./IRootEscrow.sol";
import {Payments} from "./Payments.sol";
import {Permits} from "./Permits.sol";
import {Proofs} from "./Proofs.sol";
import {SaleToken} from "./SaleToken.sol";

/// @title The escrow of one round, settled by a root
/// @notice See `IRootEscrow` for what each function promises.
/// @dev Every function writes its state before it calls anybody. Money of an investor leaves in one of two ways: as the
/// leaf says once it is proved, or whole. Sums are kept over proved leaves only, so a void root, at any time, takes nothing
/// from those whose leaf is not proved: their whole money is here.
contract RootEscrow is IRootEscrow {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Bytes of ERC-1167 before the terms, and words of the terms.
    uint256 private constant START = 45;
    uint256 private constant WORDS = 23;
    /// @dev Bits of a price limit, as in `Account`; in the word of a price its position is above.
    uint256 private constant LIMIT_BITS = 72;
    /// @dev Basis points of the whole.
    uint256 private constant WHOLE = 10_000;
    /// @dev What one payment to somebody who did not ask may use.
    uint256 private constant TOKEN_GAS = 100_000;
    uint256 private constant COIN_GAS = 50_000;

    /// @dev Not private, so that `contracts/proofs` can say what is there.
    mapping(address investor => Account) internal _accounts;
    Outcome internal _outcome;
    Totals internal _totals;
    /// @inheritdoc IRootEscrow
    bytes32 public root;
    uint256 private _drawn;
    mapping(address investor => uint256 yes) private _objected;

    // ---------------------------------------------------------------------------------------------- money in

    /// @inheritdoc IRootEscrow
    function contribute(uint256 amount, uint256 limit) external payable {
        _take(_loader()(), _accounts[msg.sender], amount, limit);
    }

    /// @inheritdoc IRootEscrow
    function contributeAdmitted(uint256 amount, uint256 limit, Admission calldata admission) external payable {
        Terms memory t = _loader()();
        Account memory a = _accounts[msg.sender];
        if (a.standing > Standing.Admitted) revert NotAllowed(a.standing);
        // Of several permits the one with the most counts, whatever the order.
        if (a.standing == Standing.Unknown || admission.max > a.cap) {
            if (block.timestamp >= admission.expiry) revert AdmissionExpired(admission.expiry);
            bytes32 hash = Permits.hashOf(msg.sender, admission.max, admission.expiry, t.round, t.termsHash);
            if (!Permits.isSigned(t.verifier, hash, admission.signature)) revert WrongSignature();
            (a.cap, a.standing) = (admission.max.toUint80(), Standing.Admitted);
        }
        _take(t, a, amount, limit);
    }

    // One line for each rule.
    // slither-disable-next-line cyclomatic-complexity
    function _take(Terms memory t, Account memory a, uint256 amount, uint256 limit) private {
        _requireOpen(t);
        if (msg.value != (t.currency == address(0) ? amount : 0)) revert WrongCurrency();
        if (a.standing == Standing.Unknown && t.verifier == address(0)) {
            (a.cap, a.standing) = (type(uint80).max, Standing.Admitted);
        }
        if (a.standing == Standing.Unknown) revert NotAdmitted();
        if (a.standing != Standing.Admitted) revert NotAllowed(a.standing);
        if (amount == 0 || amount < t.contributionMin) revert BelowMinimum(Math.max(t.contributionMin, 1));
        if (amount > t.contributionMax) revert AboveMaximum(t.contributionMax);
        uint256 fits = t.investorMax - Math.min(t.investorMax, a.contributed);
        if (amount > fits) revert InvestorLimit(fits);
        fits = a.cap - a.contributed;
        if (amount > fits) revert AdmissionLimit(fits);
        (uint256 least, bool said) = _leastLimit(t, block.timestamp);
        if (limit < least || limit > t.ceiling) revert LimitOutside(least, t.ceiling);
        // Where the terms say the price by time, nobody pays more than theirs, whatever they would have paid.
        if (said) limit = least;
        a.contributed += amount.toUint80();
        a.limit = Math.max(a.limit, limit).toUint72();
        a.count += 1;
        _accounts[msg.sender] = a;
        _totals.contributed += amount.toUint96();
        emit Contributed(msg.sender, a.cap, amount, limit);
        if (t.currency != address(0)) _pull(IERC20(t.currency), amount);
    }

    /// @dev The lowest limit that a contribution may name, and whether it is the price that the terms say for this time: the
    /// last one at or before it. The first one begins no later than the window.
    function _leastLimit(Terms memory t, uint256 position) private view returns (uint256 least, bool said) {
        uint256 high = (address(this).code.length - START) / 32 - WORDS;
        if (high == 0) return (t.floor, false);
        uint256 low = 0;
        least = _priceWord(0);
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            uint256 word = _priceWord(middle);
            if (word >> LIMIT_BITS <= position) (low, least) = (middle, word);
            else high = middle;
        }
        return (least & ((1 << LIMIT_BITS) - 1), true);
    }

    /// @dev A price behind the terms in the code: its position, and below it the limit.
    function _priceWord(uint256 index) private view returns (uint256 word) {
        uint256 offset = START + (WORDS + index) * 32;
        assembly ("memory-safe") {
            extcodecopy(address(), 0, offset, 32)
            word := mload(0)
        }
    }

    function _pull(IERC20 currency, uint256 amount) private {
        uint256 before = currency.balanceOf(address(this));
        currency.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = currency.balanceOf(address(this)) - before;
        if (received != amount) revert WrongAmountReceived(received, amount);
    }

    function _requireOpen(Terms memory t) private view {
        Phase phase = _outcome.phase;
        if (phase != Phase.Sale) revert WrongPhase(phase);
        if (block.timestamp < t.opens) revert NotOpenYet(t.opens);
        if (block.timestamp >= t.closes) revert Closed(t.closes);
    }

    // ------------------------------------------------------------------------------------- what the issuer may

    modifier onlyIssuer() {
        if (msg.sender != _loader()().issuer) revert NotIssuer();
        _;
    }

    /// @inheritdoc IRootEscrow
    function revoke(address investor) public onlyIssuer {
        Account storage a = _accounts[investor];
        if (a.standing > Standing.Admitted) revert NotAllowed(a.standing);
        a.standing = Standing.Revoked;
        emit Revoked(investor);
    }

    /// @inheritdoc IRootEscrow
    function returnMoney(address investor, Reason reason) external onlyIssuer {
        Phase phase = _outcome.phase;
        if (phase != Phase.Sale) revert WrongPhase(phase);
        if (block.timestamp >= _loader()().closes && reason <= Reason.OverLimit) revert ReasonTooLate(reason);
        if (_accounts[investor].standing != Standing.Revoked) revoke(investor);
        uint80 amount = _accounts[investor].contributed;
        if (amount == 0) revert NothingDue();
        _accounts[investor].standing = Standing.Returned;
        _totals.contributed -= amount;
        emit Returned(investor, amount, reason);
    }

    /// @inheritdoc IRootEscrow
    function cancel() external onlyIssuer {
        Phase phase = _outcome.phase;
        if (phase != Phase.Sale) revert WrongPhase(phase);
        _outcome.phase = Phase.Cancelled;
        emit Cancelled();
    }

    /// @inheritdoc IRootEscrow
    function post(bytes32 root_) external onlyIssuer {
        Terms memory t = _loader()();
        Phase phase = _outcome.phase;
        if (phase != Phase.Sale) revert WrongPhase(phase);
        if (block.timestamp < t.closes) revert StillOpen(t.closes);
        if (block.timestamp >= t.rootDeadline) revert Expired(t.rootDeadline);
        uint256 contributed = _totals.contributed;
        if (contributed < t.softCap) revert SoftCapMissed(contributed, t.softCap);
        uint256 held = IERC20(t.token).balanceOf(address(this));
        if (held < t.forSale) revert TokensMissing(held, t.forSale);
        if (root_ == 0) revert NoRoot();
        root = root_;
        _outcome.phase = Phase.Posted;
        _outcome.postedAt = uint40(block.timestamp);
        uint256 challengeUntil = block.timestamp + t.challengePeriod;
        emit Posted(root_, challengeUntil, challengeUntil + t.claimPeriod);
    }

    // ------------------------------------------------------------------------------------- what the root must stand

    /// @inheritdoc IRootEscrow
    function object() external {
        Terms memory t = _loader()();
        Outcome memory o = _outcome;
        if (o.phase != Phase.Posted) revert WrongPhase(o.phase);
        uint256 until = o.postedAt + t.challengePeriod;
        if (block.timestamp >= until) revert ChallengeOver(until);
        Account memory a = _accounts[msg.sender];
        if (!_isIn(a.standing) || a.contributed == 0) revert NotAContributor();
        if (_objected[msg.sender] != 0) revert AlreadyObjected();
        _objected[msg.sender] = 1;
        Totals memory s = _totals;
        s.objections += a.contributed;
        _totals = s;
        emit Objected(msg.sender, a.contributed);
        if (s.objections * WHOLE >= s.contributed * t.challengeShare) _void(Cause.Objections);
    }

    /// @inheritdoc IRootEscrow
    function refute(Leaf calldata leaf, bytes32[] calldata proof) external {
        Terms memory t = _loader()();
        Outcome memory o = _outcome;
        if (o.phase != Phase.Posted) revert WrongPhase(o.phase);
        uint256 until = _claimUntil(t, o);
        if (block.timestamp >= until) revert ClaimsOver(until);
        _requireProof(leaf, proof);
        if (_flawOf(t, o, _accounts[leaf.investor], leaf) == Flaw.None) revert SoundLeaf();
        _void(Cause.Leaf);
    }

    function _void(Cause cause) private {
        _outcome.phase = Phase.Void;
        emit Voided(cause);
    }

    function _requireProof(Leaf calldata leaf, bytes32[] calldata proof) private view {
        if (Proofs.rootOf(proof, leafHash(leaf)) != root) revert WrongProof();
    }

    /// @dev The first rule that a leaf breaks. A leaf of somebody who has been paid breaks none: it is history.
    function _flawOf(Terms memory t, Outcome memory o, Account memory a, Leaf calldata leaf)
        internal
        pure
        returns (Flaw)
    {
        if (a.standing == Standing.Proved) return Flaw.None;
        if (a.contributed == 0 || a.standing == Standing.Returned || a.standing == Standing.Refunded) {
            // No money in the sale, because it went back before the root or by this very leaf. Nothing can be had by such
            // a leaf, so money back is no flaw of it, whichever amount it says.
            return leaf.accepted | leaf.tokens == 0 ? Flaw.None : Flaw.Sum;
        }
        if (leaf.accepted > a.contributed || leaf.refunded != a.contributed - leaf.accepted) return Flaw.Sum;
        if ((leaf.accepted == 0) != (leaf.tokens == 0)) return Flaw.Price;
        if (leaf.accepted != 0 && leaf.tokens < _least(t, a, leaf.accepted)) return Flaw.Price;
        if (leaf.tokens > t.forSale - o.tokens) return Flaw.Supply;
        if (leaf.accepted > t.hardCap - o.accepted) return Flaw.HardCap;
        return Flaw.None;
    }

    /// @dev Tokens for accepted money at the investor's limit. Each contribution may be rounded down by less than a unit,
    /// so all of them may lack one unit less than there are. 80 and 128 bits: the product fits.
    function _least(Terms memory t, Account memory a, uint256 accepted) private pure returns (uint256) {
        uint256 exact = accepted * t.priceUnit / a.limit;
        uint256 lack = a.count - 1;
        return exact > lack ? exact - lack : 0;
    }

    // ------------------------------------------------------------------------------------------- the way out

    /// @inheritdoc IRootEscrow
    function claim(Leaf calldata leaf, bytes32[] calldata proof) external {
        Terms memory t = _loader()();
        Outcome memory o = _outcome;
        _requireClaims(t, o);
        Account memory a = _accounts[leaf.investor];
        if (!_isIn(a.standing)) revert NotAllowed(a.standing);
        if (a.contributed == 0) revert NothingDue();
        _requireProof(leaf, proof);
        Flaw flaw = _flawOf(t, o, a, leaf);
        if (flaw != Flaw.None) revert BrokenLeaf(flaw);
        if (!_prove(t, o, a, leaf)) revert PaymentFailed();
    }

    /// @inheritdoc IRootEscrow
    function distribute(Leaf[] calldata leaves, bytes32[][] calldata proofs) external {
        Terms memory t = _loader()();
        _requireClaims(t, _outcome);
        if (leaves.length != proofs.length) revert DifferentLengths();
        for (uint256 i = 0; i < leaves.length; ++i) {
            Leaf calldata leaf = leaves[i];
            // Read anew for each: a receiver of the last payment may have claimed meanwhile.
            Account memory a = _accounts[leaf.investor];
            Outcome memory o = _outcome;
            bool good = _isIn(a.standing) && a.contributed != 0
                && Proofs.rootOf(proofs[i], leafHash(leaf)) == root && _flawOf(t, o, a, leaf) == Flaw.None;
            if (!good || !_prove(t, o, a, leaf)) emit Skipped(leaf.investor);
        }
    }

    /// @dev Writes a proved leaf and pays it. Without the tokens nothing happens; a refund that is not taken stays due.
    function _prove(Terms memory t, Outcome memory o, Account memory a, Leaf calldata leaf) private returns (bool) {
        uint256 most = t.currency == address(0) ? COIN_GAS : TOKEN_GAS;
        if (!Payments.canAfford(leaf.tokens == 0 ? most : TOKEN_GAS + most)) revert NotEnoughGas();
        address investor = leaf.investor;
        // What nobody needs any more is emptied, which costs 4,800 less. `_flawOf` found the leaf within the account's money
        // and the terms' counters, so nothing is cut off. In a list each is written before its receiver is called.
        // slither-disable-next-line costly-loop
        if (leaf.accepted == 0) delete _accounts[investor];
        else _accounts[investor] = Account(uint80(leaf.accepted), 0, a.limit, a.count, Standing.Proved);
        if (leaf.tokens != 0 && !_payTokens(t, o, leaf)) {
            _accounts[investor] = a;
            return false;
        }
        emit Claimed(investor, leaf.tokens, leaf.accepted, leaf.refunded);
        if (leaf.refunded != 0 && !Payments.pay(t.currency, investor, leaf.refunded, most)) {
            uint80 kept = uint80(leaf.refunded);
            _accounts[investor] = Account(uint80(leaf.accepted), kept, a.limit, a.count, Standing.Proved);
            emit RefundKept(investor, leaf.refunded);
        }
        return true;
    }

    function _payTokens(Terms memory t, Outcome memory o, Leaf calldata leaf) private returns (bool) {
        // Each entry must be counted before its receiver is called.
        // slither-disable-next-line costly-loop
        _outcome = Outcome(
            o.tokens + uint96(leaf.tokens), o.accepted + uint88(leaf.accepted), o.postedAt, o.phase
        );
        if (Payments.pay(t.token, leaf.investor, leaf.tokens, TOKEN_GAS)) return true;
        // Only for an entry whose receiver refuses.
        // slither-disable-next-line costly-loop
        _outcome = o;
        return false;
    }

    function _requireClaims(Terms memory t, Outcome memory o) private view {
        if (o.phase != Phase.Posted) revert WrongPhase(o.phase);
        uint256 from = o.postedAt + t.challengePeriod;
        if (block.timestamp < from) revert ChallengeOpen(from);
        uint256 until = _claimUntil(t, o);
        if (block.timestamp >= until) revert ClaimsOver(until);
    }

    /// @inheritdoc IRootEscrow
    function refund() external {
        Terms memory t = _loader()();
        uint256 amount = _takeDue(t, msg.sender);
        if (amount == 0) revert NothingDue();
        if (!Payments.pay(t.currency, msg.sender, amount, gasleft())) revert PaymentFailed();
        emit Refunded(msg.sender, amount);
    }

    /// @inheritdoc IRootEscrow
    function refundMany(address[] calldata investors) external {
        Terms memory t = _loader()();
        uint256 most = t.currency == address(0) ? COIN_GAS : TOKEN_GAS;
        for (uint256 i = 0; i < investors.length; ++i) {
            Account memory before = _accounts[investors[i]];
            uint256 amount = _takeDue(t, investors[i]);
            if (amount != 0) {
                if (!Payments.canAfford(most)) revert NotEnoughGas();
                if (Payments.pay(t.currency, investors[i], amount, most)) {
                    emit Refunded(investors[i], amount);
                    continue;
                }
                _accounts[investors[i]] = before;
            }
            emit Skipped(investors[i]);
        }
    }

    /// @dev What is due back to an investor, written down as paid. Of a return the account stays, because the sale may go on;
    /// of a proved leaf as long as what it accepted may go back. Else nothing comes in any more, and it is emptied.
    function _takeDue(Terms memory t, address investor) internal returns (uint256 amount) {
        Account memory a = _accounts[investor];
        if (a.standing == Standing.Proved) {
            amount = a.contributed;
            a.contributed = 0;
            if (_hasFailed(t, _outcome)) {
                amount += a.cap;
                a.cap = 0;
            }
            if (a.cap == 0) delete a;
        } else if (a.standing == Standing.Returned) {
            amount = a.contributed;
            a.standing = Standing.Refunded;
        } else if (_isIn(a.standing) && _refundsOpen(t, _outcome)) {
            amount = a.contributed;
            delete a;
        }
        if (amount != 0) _accounts[investor] = a;
    }

    /// @inheritdoc IRootEscrow
    function draw() external {
        Terms memory t = _loader()();
        uint256 accepted = _outcome.accepted;
        if (accepted < t.softCap) revert SoftCapMissed(accepted, t.softCap);
        uint256 amount = accepted - _drawn;
        if (amount == 0) revert NothingDue();
        _drawn = accepted;
        emit Drawn(amount);
        if (!Payments.pay(t.currency, t.beneficiary, amount, gasleft())) revert PaymentFailed();
    }

    /// @inheritdoc IRootEscrow
    function takeUnsold() external {
        Terms memory t = _loader()();
        Outcome memory o = _outcome;
        if (!_refundsOpen(t, o)) revert WrongPhase(o.phase);
        uint256 unsold = IERC20(t.token).balanceOf(address(this));
        if (unsold == 0) revert NothingDue();
        emit Unsold(unsold);
        if (t.treasury == address(0)) SaleToken(t.token).burn(unsold);
        else IERC20(t.token).safeTransfer(t.treasury, unsold);
    }

    function _isIn(Standing standing) internal pure returns (bool) {
        return standing == Standing.Admitted || standing == Standing.Revoked;
    }

    function _claimUntil(Terms memory t, Outcome memory o) private pure returns (uint256) {
        return o.postedAt + t.challengePeriod + t.claimPeriod;
    }

    /// @dev From here on no leaf can be proved, so the sums over proved leaves stay.
    function _refundsOpen(Terms memory t, Outcome memory o) internal view returns (bool) {
        if (o.phase == Phase.Posted) return block.timestamp >= _claimUntil(t, o);
        if (o.phase != Phase.Sale) return true;
        if (block.timestamp < t.closes) return false;
        return block.timestamp >= t.rootDeadline || _totals.contributed < t.softCap;
    }

    /// @dev No leaf can be proved any more and the soft cap was not reached: what was accepted goes back as well. Nothing
    /// of it can have been drawn.
    function _hasFailed(Terms memory t, Outcome memory o) internal view returns (bool) {
        return o.accepted < t.softCap && _refundsOpen(t, o);
    }

    // ---------------------------------------------------------------------------------------------- to look at

    /// @dev A struct of value types lies in memory exactly as it is encoded, and the factory made the code from one.
    // Called as a value, below.
    // slither-disable-next-line dead-code
    function _copy() private view returns (uint256 place) {
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(0x40, add(place, mul(WORDS, 32)))
            extcodecopy(address(), place, START, mul(WORDS, 32))
        }
    }

    /// @dev `_copy` as what it is: where a struct lies in memory is a number. A function that returned the struct would write
    /// a zero into each of its words first, some 370 gas with every call.
    function _loader() private pure returns (function() view returns (Terms memory) load) {
        function() view returns (uint256) copy = _copy;
        assembly ("memory-safe") {
            load := copy
        }
    }

    /// @inheritdoc IRootEscrow
    function terms() external view returns (Terms memory) {
        return _loader()();
    }

    /// @inheritdoc IRootEscrow
    function account(address investor) external view returns (Account memory) {
        return _accounts[investor];
    }

    /// @inheritdoc IRootEscrow
    function leastLimit(uint256 position) external view returns (uint256 least) {
        (least,) = _leastLimit(_loader()(), position);
    }

    /// @inheritdoc IRootEscrow
    function outcome() external view returns (Outcome memory) {
        return _outcome;
    }

    /// @inheritdoc IRootEscrow
    function totals() external view returns (Totals memory) {
        return _totals;
    }

    /// @inheritdoc IRootEscrow
    function refundsOpen() external view returns (bool) {
        return _refundsOpen(_loader()(), _outcome);
    }

    /// @inheritdoc IRootEscrow
    function leafHash(Leaf calldata leaf) public pure returns (bytes32 hash) {
        // Hashed twice, so that a leaf can never be passed off as an inner node. In calldata a leaf lies as it is encoded.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, leaf, 128)
            mstore(0, keccak256(free, 128))
            hash := keccak256(0, 32)
        }
    }

    /// @inheritdoc IRootEscrow
    function permitHash(address investor, uint256 max, uint256 expiry) external view returns (bytes32) {
        Terms memory t = _loader()();
        return Permits.hashOf(investor, max, expiry, t.round, t.termsHash);
    }
}
