// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// The part of the test machine that the proofs use.
interface Machine {
    function assume(bool condition) external pure;
    function warp(uint256 timestamp) external;
}

/// What a proof is made of. Every argument of a function `check_...` is symbolic: halmos shows that no value of it breaks
/// an `assert`, or names one that does. What `assume` leaves out is not proved, so each proof says why it is left out. A
/// path that reverts says nothing; a proof all of whose paths revert fails.
abstract contract Proof {
    Machine internal constant vm = Machine(address(uint160(uint256(keccak256("hevm cheat code")))));
}
