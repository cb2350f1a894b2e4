// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title What a verifier signs, and whether it did
/// @notice EIP-712 with the domain `Softcap`, version 1, this chain and this contract.
library Permits {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Softcap");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant PERMIT =
        keccak256("Permit(address investor,uint256 max,uint256 expiry,uint256 round,bytes32 termsHash)");
    /// @dev Half the order of the curve: of a signature's two forms only the lower one counts (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The hash to sign.
    /// @dev The domain is computed anew each time: it costs less than reading it, and a fork of the chain gets its
    /// own. The words lie where memory is free; nothing keeps them.
    function hashOf(address investor, uint256 max, uint256 expiry, uint256 round, bytes32 termsHash)
        internal
        view
        returns (bytes32 hash)
    {
        (bytes32 domain, bytes32 name, bytes32 version, bytes32 permit) = (DOMAIN, NAME, VERSION, PERMIT);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, domain)
            mstore(add(at, 32), name)
            mstore(add(at, 64), version)
            mstore(add(at, 96), chainid())
            mstore(add(at, 128), address())
            domain := keccak256(at, 160)
            mstore(at, permit)
            mstore(add(at, 32), investor)
            mstore(add(at, 64), max)
            mstore(add(at, 96), expiry)
            mstore(add(at, 128), round)
            mstore(add(at, 160), termsHash)
            permit := keccak256(at, 192)
            mstore(at, shl(240, 0x1901))
            mstore(add(at, 2), domain)
            mstore(add(at, 34), permit)
            hash := keccak256(at, 66)
        }
    }

    /// @notice Whether `verifier` signed the hash: with a key (65 bytes r, s, v), or as a contract by ERC-1271.
    function isSigned(address verifier, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65) {
            bytes32 r;
            bytes32 s;
            uint8 v;
            // Of bytes whose length is known, without looking at it for each part.
            assembly ("memory-safe") {
                r := calldataload(signature.offset)
                s := calldataload(add(signature.offset, 32))
                v := byte(0, calldataload(add(signature.offset, 64)))
            }
            address signer = ecrecover(hash, v, r, s);
            // Nobody is the answer for what is no signature.
            if (signer == verifier && signer != address(0) && uint256(s) <= HALF_ORDER) return true;
        }
        return SignatureChecker.isValidERC1271SignatureNow(verifier, hash, signature);
    }
}
