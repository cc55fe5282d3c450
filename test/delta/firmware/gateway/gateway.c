/* The fourth sample program: a gateway that reports over TLS. Most of it is mbed TLS; written for the same reason as
 * the recorder. */
#include "mbedtls/ctr_drbg.h"
#include "mbedtls/debug.h"
#include "mbedtls/entropy.h"
#include "mbedtls/sha512.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509_crt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef HOST
#define HOST "collector.example"
#endif
#ifndef PERIOD
#define PERIOD 30000u
#endif

int main(void);
int mbedtls_hardware_poll(void *data, unsigned char *output, size_t size, size_t *written);
extern volatile uint32_t tick_count;

static mbedtls_ssl_context ssl;
static mbedtls_ssl_config config;
static mbedtls_x509_crt trusted;
static mbedtls_ctr_drbg_context generator;
static mbedtls_entropy_context entropy;
static struct {
  uint8_t bytes[600];
  size_t first, count;
} queue[2];
static struct {
  uint32_t sent, failed, since;
#ifdef WITH_STRUCT
  uint32_t retries, last_error;
#endif
  uint16_t codes[12];
  bool open;
} state;

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t size, size_t *written)
{
  (void)data;
  for (size_t i = 0; i < size; i++)
    output[i] = (uint8_t)(tick_count >> i % 7);
  *written = size;
  return 0;
}

static int link_send(void *context, const unsigned char *bytes, size_t size)
{
  size_t n = 0;
  (void)context;
  while (n < size && queue[0].count < sizeof queue[0].bytes)
    queue[0].bytes[(queue[0].first + queue[0].count++) % sizeof queue[0].bytes] = bytes[n++];
  return n ? (int)n : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int link_receive(void *context, unsigned char *bytes, size_t size)
{
  size_t n = 0;
  (void)context;
  while (n < size && queue[1].count) {
    bytes[n++] = queue[1].bytes[queue[1].first];
    queue[1].first = (queue[1].first + 1) % sizeof queue[1].bytes;
    queue[1].count--;
  }
  return n ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;
}

static void note(int code)
{
  memmove(state.codes + 1, state.codes, sizeof state.codes - sizeof *state.codes);
  state.codes[0] = (uint16_t)-code;
#ifdef WITH_STRUCT
  state.last_error = tick_count;
  state.retries++;
#endif
}

static int start(void)
{
  static const unsigned char root[] = {0x30, 0x82, 0x01, 0x00};
  mbedtls_ssl_init(&ssl);
  mbedtls_ssl_config_init(&config);
  mbedtls_x509_crt_init(&trusted);
  mbedtls_ctr_drbg_init(&generator);
  mbedtls_entropy_init(&entropy);
  int result = mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, (const unsigned char *)"gateway", 7);
  if (result == 0)
    result = mbedtls_x509_crt_parse(&trusted, root, sizeof root);
  if (result == 0)
    result = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT);
  mbedtls_ssl_conf_ca_chain(&config, &trusted, NULL);
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &generator);
  if (result == 0)
    result = mbedtls_ssl_setup(&ssl, &config);
  if (result == 0)
    result = mbedtls_ssl_set_hostname(&ssl, HOST);
  mbedtls_ssl_set_bio(&ssl, NULL, link_send, link_receive, NULL);
  return result;
}

static bool report(void)
{
  char text[220];
  unsigned char digest[64];
  int n = snprintf(text, sizeof text, "POST /v1/report HTTP/1.1\r\nHost: %s\r\n\r\nup=%lu&sent=%lu&failed=%lu\r\n",
                   HOST, (unsigned long)tick_count, (unsigned long)state.sent, (unsigned long)state.failed);
  (void)mbedtls_sha512((const unsigned char *)text, (size_t)n, digest, 0);
#ifdef WITH_GROWN
  for (unsigned i = 0; i < 12 && state.codes[i]; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%s%04x", i ? "," : "codes=", state.codes[i]);
#endif
  for (int at = 0; at < n;) {
    int result = mbedtls_ssl_write(&ssl, (const unsigned char *)text + at, (size_t)(n - at));
    if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE)
      continue;
    if (result < 0) {
      note(result);
      return false;
    }
    at += result;
  }
  return true;
}

int main(void)
{
  int result = start();
  printf("gateway to %s: %d\n", HOST, result);
  for (;;) {
    if (!state.open) {
      result = mbedtls_ssl_handshake(&ssl);
      if (result == 0) {
        state.open = true;
        printf("open, %s\n", mbedtls_ssl_get_ciphersuite(&ssl));
      } else if (result != MBEDTLS_ERR_SSL_WANT_READ && result != MBEDTLS_ERR_SSL_WANT_WRITE) {
        note(result);
        state.failed++;
        mbedtls_ssl_session_reset(&ssl);
      }
    } else if (tick_count - state.since >= PERIOD) {
      state.since = tick_count;
      if (report()) {
        state.sent++;
      } else {
        state.failed++;
        state.open = false;
        mbedtls_ssl_session_reset(&ssl);
      }
    }
  }
}
