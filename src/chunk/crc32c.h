/** CRC-32C (Castagnoli; RFC 9260, appendix A): the checksum of a whole message that travels in pieces. */
#ifndef CLASP_CHUNK_CRC32C_H
#define CLASP_CHUNK_CRC32C_H

#include "base/bytes.h"

/**
 * The checksum of what came before and these bytes: it can be made in steps.
 *
 * @param crc   of what came before; 0 when nothing did
 * @param bytes borrowed for the call
 */
uint32_t clasp_crc32c(uint32_t crc, clasp_span bytes);

#endif
