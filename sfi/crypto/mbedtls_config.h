/* mbed TLS for secure install: the modules of crypto/mbedtls_config.h, and GCM over them. Only gcm.c and block_cipher.c
 * are built with it. */
#include "crypto/mbedtls_config.h"

#define MBEDTLS_GCM_C
