/* mbed TLS, reduced to the small modules that the device and its tests use directly: SHA-256, AES-128, p256-m.
 * The same configuration builds for the PC and for every core, so that what is tested is what runs. */
#define MBEDTLS_SHA256_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ONLY_128_BIT_KEY_LENGTH
/* Tables in flash, and one of each instead of four rotated copies: 2 KiB instead of 8. */
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
/* p256-m is not an mbed TLS option of its own: this is the switch that its source looks at. */
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
/* Wiping is ours: crypto/memory.c. */
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
