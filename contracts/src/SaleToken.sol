// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";

/// @title The token that is sold
/// @notice ERC-20 with permit (ERC-2612). All of it is minted once, when the offering is announced; nobody owns it,
/// and nobody can mint, freeze or upgrade. It is a clone, hence the initialiser; there is no proxy admin.
contract SaleToken is ERC20PermitUpgradeable {
    /// @notice One holder of the supply at the start.
    struct Share {
        address holder;
        uint256 amount;
    }

    /// @dev ERC-20 decimals of this clone.
    uint8 private _decimals;

    constructor() {
        _disableInitializers();
    }

    /// @notice Mints the whole supply. Works once, and the factory does it in the transaction that makes the clone.
    function initialize(string calldata name_, string calldata symbol_, uint8 decimals_, Share[] calldata shares)
        external
        initializer
    {
        __ERC20_init(name_, symbol_);
        __ERC20Permit_init(name_);
        _decimals = decimals_;
        for (uint256 i = 0; i < shares.length; ++i) {
            _mint(shares[i].holder, shares[i].amount);
        }
    }

    /// @notice Destroys tokens of the caller. Unsold tokens go this way where the terms say so.
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @notice Decimal places of one token.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
