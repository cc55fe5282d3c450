/* Results of Portcullis' device functions.
 *
 * A result is a wide constant: PC_OK differs from every error in at least 8 bits, so that no single flipped bit and no
 * register left at 0 or 1 turns a refusal into a success (reference: X-CUBE-SBSFU, SE return values). Compare with ==
 * PC_OK, never for truth.
 */
#ifndef PORTCULLIS_STATUS_H
#define PORTCULLIS_STATUS_H

#include <stdint.h>

typedef uint32_t pc_status;

#define PC_OK 0x5AC33CA5u

/* Errors: 0xE1E1xxxx with two different bytes each. */
#define PC_ERR_PARAM       0xE1E10F01u /* an argument outside its documented range */
#define PC_ERR_FORMAT      0xE1E10F02u /* header or file: wrong magic, protocol, or a field outside its bounds */
#define PC_ERR_SIGNATURE   0xE1E10F04u /* authentication failed */
#define PC_ERR_TAG         0xE1E10F08u /* image does not match the tag of its header */
#define PC_ERR_VERSION     0xE1E10F10u /* anti-rollback: older than allowed, or protocol 1 after protocol 2 */
#define PC_ERR_PRODUCT     0xE1E10F20u /* image for another product */
#define PC_ERR_SIZE        0xE1E10F40u /* does not fit its slot */
#define PC_ERR_BLANK       0xE1E10F80u /* nothing there (erased flash) */
#define PC_ERR_FLASH       0xE1E1F001u /* program or erase failed, or the cell did not keep the value */
#define PC_ERR_ECC         0xE1E1F002u /* flash read met an uncorrectable error; the bytes are not to be used */
#define PC_ERR_STATE       0xE1E1F004u /* not now: wrong order of calls, or service locked until reset */
#define PC_ERR_NOT_BLANK   0xE1E1F008u /* something lies where erased flash is required */
#define PC_ERR_TRANSFER    0xE1E1F010u /* transfer failed: time-out, too many errors, or broken protocol */
#define PC_ERR_CANCELLED   0xE1E1F020u /* the other side gave up */
#define PC_ERR_LOG_FULL    0xE1E1F040u /* no room for another record */
#define PC_ERR_FLOW        0xE1E1F080u /* flow counter wrong: instructions were skipped */
#define PC_ERR_UNSUPPORTED 0xE1E1FF00u /* not in this build */

#endif
