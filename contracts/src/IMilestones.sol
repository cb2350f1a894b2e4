// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title What holds the money of a sale and releases it milestone by milestone
/// @notice The beneficiary of an escrow. The issuer announces a milestone, contributors may object for a time, then
/// anybody releases its part to the issuer's beneficiary. Objections of the share of accepted money that the terms
/// name stop this and every later release: what is left goes back to the contributors, for their tokens. The same happens
/// when the deadline passes with a milestone not released. Nobody owns it, nothing pauses it.
/// @dev Amounts are smallest units, spans seconds from the settlement, shares basis points.
interface IMilestones {
    /// @notice One part of the money, and when it may be announced at the earliest.
    struct Milestone {
        uint256 part;
        uint256 earliest;
    }

    /// @notice What was announced with the sale. It is part of the contract's code, so nothing can change it.
    struct Plan {
        /// Gets what is released.
        address beneficiary;
        /// Objections of so much of the accepted money stop the releases.
        uint256 stopShare;
        /// Seconds for objections, from an announcement on.
        uint256 objectionWindow;
        /// From here on what is not released goes back.
        uint256 deadline;
        /// In their order; the parts are the whole.
        Milestone[] milestones;
    }

    /// @notice Where the releases stand.
    struct Progress {
        /// How many milestones are released; also the number of the next one.
        uint8 next;
        /// Whether objections stopped the releases.
        Releases releases;
        /// When objections to the next milestone end; zero if it is not announced.
        uint40 objectionsUntil;
        /// Accepted money of those who object to it.
        uint88 objections;
        /// What the escrow paid in.
        uint88 total;
    }

    /// @notice Whether milestones are released.
    enum Releases {
        Possible,
        Stopped
    }

    /// @notice The issuer says that a milestone is reached; objections may come before `objectionsUntil`.
    event MilestoneAnnounced(uint256 indexed milestone, uint256 objectionsUntil);
    /// @notice A contributor with `accepted` money objects to a milestone.
    event Objected(address indexed investor, uint256 indexed milestone, uint256 accepted);
    /// @notice Objections reached the share of the terms: no more releases, and what is left goes back.
    event Stopped(uint256 indexed milestone, uint256 objections);
    /// @notice The beneficiary got the part of a milestone.
    event MilestoneReleased(uint256 indexed milestone, uint256 amount);
    /// @notice A contributor gave tokens back and got money.
    event Refunded(address indexed investor, uint256 tokens, uint256 amount);

    /// @notice Only the issuer of the sale may do this.
    error NotIssuer();
    /// @notice Money comes from the escrow only.
    error NotEscrow();
    /// @notice What is left goes back; nothing is announced or released any more.
    error RefundsOpen();
    /// @notice Nothing goes back while milestones are released.
    error RefundsNotOpen();
    /// @notice All parts are released.
    error AllReleased();
    /// @notice The milestone can be announced from `earliest` on.
    error TooEarly(uint256 earliest);
    /// @notice Objections could not end before the deadline.
    error TooLate(uint256 deadline);
    /// @notice The milestone is announced; it can be released from `objectionsUntil` on.
    error AlreadyAnnounced(uint256 objectionsUntil);
    /// @notice The issuer has not announced the milestone.
    error NotAnnounced();
    /// @notice The time for objections is over.
    error ObjectionsOver(uint256 objectionsUntil);
    /// @notice Objections can come before `objectionsUntil`; release after it.
    error ObjectionsOpen(uint256 objectionsUntil);
    /// @notice Claim the tokens first. Who has none has no say and no share.
    error NotAContributor();
    /// @notice This investor has objected to this milestone.
    error AlreadyObjected();
    /// @notice Only tokens of the investor's own claim go back, and each once: `most` are left.
    error TooManyTokens(uint256 most);
    /// @notice For so few tokens there is no money.
    error NothingDue();
    /// @notice The receiver did not take the payment; it stays due.
    error PaymentFailed();

    /// @notice Says that the next milestone is reached. Only the issuer.
    function announce() external;

    /// @notice Objects to the milestone that is announced, with the weight of the caller's accepted money.
    function object() external;

    /// @notice Pays the part of the announced milestone to the beneficiary. Anybody may.
    function release() external;

    /// @notice Gives back `tokens` of the caller, who allowed this contract to take them, for their part of the money.
    /// Possible in parts, as long as the caller holds tokens.
    function refund(uint256 tokens) external;

    /// @notice What was announced with the sale.
    function plan() external view returns (Plan memory);

    /// @notice Where the releases stand.
    function progress() external view returns (Progress memory);

    /// @notice Whether what is left goes back.
    function refundsOpen() external view returns (bool);

    /// @notice The accepted money of an investor that counts here, and the tokens it bought.
    function stakeOf(address investor) external view returns (uint256 accepted, uint256 tokens);

    /// @notice What is left: paid in and not released. Refunds do not change it.
    function left() external view returns (uint256);

    /// @notice Tokens that an investor has given back.
    function givenBack(address investor) external view returns (uint256);
}
