// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Which root a Merkle proof leads to
/// @notice Pairs are sorted before they are hashed, as in the trees of OpenZeppelin's merkle-tree package and in its
/// MerkleProof. That one costs 100 gas more for each hash, because it looks at the bounds of the proof each time.
library Proofs {
    /// @notice The root that a leaf's hash and the hashes beside its way up give.
    function rootOf(bytes32[] calldata proof, bytes32 leaf) internal pure returns (bytes32 node) {
        node = leaf;
        // That the proof lies in the calldata was looked at when it was decoded. Pairs lie in the scratch space.
        assembly ("memory-safe") {
            let end := add(proof.offset, shl(5, proof.length))
            for { let at := proof.offset } lt(at, end) { at := add(at, 32) } {
                let other := calldataload(at)
                let place := shl(5, gt(node, other))
                mstore(place, node)
                // The other of the two places; no power is meant.
                // slither-disable-next-line incorrect-exp
                mstore(xor(place, 32), other)
                node := keccak256(0, 64)
            }
        }
    }
}
