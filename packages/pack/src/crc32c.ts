/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let remainder = byte;
	for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
	return remainder;
});

/** The CRC-32C checksum (RFC 3720), an unsigned 32-bit number; Google's services compare it both ways. */
export function crc32c(bytes: Uint8Array): number {
	let remainder = 0xffff_ffff;
	for (const byte of bytes) remainder = (remainder >>> 8) ^ Number(TABLE[(remainder ^ byte) & 0xff]);
	return (remainder ^ 0xffff_ffff) >>> 0;
}
