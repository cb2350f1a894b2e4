// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AfterSale} from "./AfterSale.sol";

/// @title A share of the supply that becomes free over time
/// @notice Holds the tokens of the team, the treasury or advisers as the terms say: nothing before the cliff, then
/// `whole x elapsed / duration` rounded down, everything from the duration on; both count from settlement
/// (docs/terms.md). After a sale that failed nothing ever becomes free.
/// @dev A clone; its plan is part of its code. Nobody owns it. Tokens beyond `whole` that somebody sends here stay.
contract Vesting is AfterSale {
    using SafeERC20 for IERC20;

    /// @notice Who gets how much when.
    struct Plan {
        address beneficiary;
        /// Tokens that the share holds.
        uint256 whole;
        /// Seconds after settlement before which nothing is free.
        uint256 cliff;
        /// Seconds after settlement from which everything is free.
        uint256 duration;
    }

    /// @notice The beneficiary got tokens.
    event Released(uint256 tokens);

    /// @notice Nothing more is free yet, or all was given.
    error NothingFree();

    IERC20 private _token;
    /// @notice Tokens given so far.
    uint256 public released;

    /// @notice Gives the beneficiary what is free. Anybody may.
    function release() external {
        Plan memory p = plan();
        uint256 tokens = free(p, _elapsed()) - released;
        if (tokens == 0) revert NothingFree();
        released += tokens;
        emit Released(tokens);
        _token.safeTransfer(p.beneficiary, tokens);
    }

    /// @notice The plan of this clone.
    function plan() public view returns (Plan memory) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (Plan));
    }

    /// @notice What is free in all after so many seconds.
    /// @dev The factory lets no plan in whose product could pass 256 bits.
    function free(Plan memory p, uint256 elapsed) public pure returns (uint256) {
        if (elapsed < p.cliff) return 0;
        if (elapsed >= p.duration) return p.whole;
        return p.whole * elapsed / p.duration;
    }

    function _begin() internal override {
        _token = IERC20(escrow().terms().token);
    }
}
