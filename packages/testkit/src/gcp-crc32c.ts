/** CRC-32C bit by bit, as Google's REST API carries it: the unsigned number as decimal text. */
export function crc32c(bytes: Uint8Array): string {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	}
	return String((crc ^ 0xffffffff) >>> 0);
}
