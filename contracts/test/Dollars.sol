// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20PermitUpgradeable} from
    "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";

/// A currency as ordinary as can be. Its gas is part of what is measured, so foundry.toml has it compiled as a contract of ours.
contract Dollars is ERC20PermitUpgradeable {
    constructor() initializer {
        __ERC20_init("Dollars", "USD");
        __ERC20Permit_init("Dollars");
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
