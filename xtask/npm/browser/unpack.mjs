// Unpacks the browser of the package @sparticuz/chromium, and the libraries that it needs, beside the packages.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const folder = process.argv[2];
const require = createRequire(join(folder, 'package.json'));
const packed = (name) => createReadStream(join(folder, 'node_modules/@sparticuz/chromium/bin', name));

mkdirSync(join(folder, 'bin'), { recursive: true });
const program = createWriteStream(join(folder, 'bin/chromium'), { mode: 0o755 });
await pipeline(packed('chromium.br'), createBrotliDecompress(), program);
const libraries = require('tar-fs').extract(folder);
await pipeline(packed('al2023.tar.br'), createBrotliDecompress(), libraries);
