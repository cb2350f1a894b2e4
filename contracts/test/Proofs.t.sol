// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Proofs} from "../src/Proofs.sol";

/// Our loop over a proof beside the one of OpenZeppelin.
contract ProofsTest {
    function testFuzz_the_root_is_the_one_of_openzeppelin(bytes32[] calldata proof, bytes32 leaf) external pure {
        assert(Proofs.rootOf(proof, leaf) == MerkleProof.processProofCalldata(proof, leaf));
    }

    /// Equal hashes have no order, and no hashes are a tree of one leaf.
    function testFuzz_pairs_of_equals_and_no_pairs(bytes32 leaf) external view {
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = leaf;
        this.testFuzz_the_root_is_the_one_of_openzeppelin(proof, leaf);
        this.testFuzz_the_root_is_the_one_of_openzeppelin(new bytes32[](0), leaf);
    }

    /// By the merkle-tree package of npm: three leaves of a settlement, and the proof of the second.
    function test_a_tree_of_the_npm_package() external view {
        bytes32[] memory proof = new bytes32[](2);
        proof[0] = 0x853716a00e3bc96ec19180e29aeee424d51b764ae54d5a35fdf8feae1f47e8e9;
        proof[1] = 0xb5a3cbc7b78188c490f7d154f738bc5d883cfeddc43c0a2197b0dd255a746b25;
        bytes32 leaf = 0x6415987de71a85f9d278966a158c0d5cc968c5fbde5a75b74192415538062092;
        bytes32 root = 0x82958c2f5483f4c8b046fcc8775e6eaba9306e803c61dca82c6bfdf6b6cc7338;
        assert(this.rootOf(proof, leaf) == root);
    }

    function rootOf(bytes32[] calldata proof, bytes32 leaf) external pure returns (bytes32) {
        return Proofs.rootOf(proof, leaf);
    }
}
