/** The Castagnoli polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let remainder = byte;
	for (let bit = 0; bit < 8; bit += 1) {
		remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
	}
	return remainder;
});

/** CRC-32C of some bytes, as the unsigned decimal text in which Google's REST API carries 64-bit integers. */
export function crc32c(bytes: Uint8Array): string {
	let crc = 0xffffffff;
	for (const byte of bytes) crc = (crc >>> 8) ^ Number(TABLE[(crc ^ byte) & 0xff]);
	return String((crc ^ 0xffffffff) >>> 0);
}
