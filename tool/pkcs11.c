/* Keys behind PKCS#11, through libp11: the private key never leaves its token, libp11 hands OpenSSL an EVP_PKEY that
 * signs in it. */
#include "tool/pkcs11.h"

#include "tool/crypto.h"
#include "tool/objfile/file.h"
#include "tool/pkcs11_uri.h"

#include <errno.h>
#include <libp11.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pkcs11_session {
  PKCS11_CTX *ctx;
  PKCS11_SLOT *slots;
  unsigned slot_count;
  bool loaded;
};

bool pkcs11_is_uri(const char *spec)
{
  return strncmp(spec, "pkcs11:", 7) == 0;
}

void pkcs11_close(struct pkcs11_session *session)
{
  if (session == NULL)
    return;
  if (session->slots != NULL)
    PKCS11_release_all_slots(session->ctx, session->slots, session->slot_count);
  if (session->loaded)
    PKCS11_CTX_unload(session->ctx);
  if (session->ctx != NULL)
    PKCS11_CTX_free(session->ctx);
  free(session);
}

static bool load_module(struct pkcs11_session *s, const struct pkcs11_uri *uri, struct problem *problem)
{
  const char *module = uri->module_path.given ? uri->module_path.text : getenv("PKCS11_MODULE_PATH");
  if (module == NULL || module[0] == '\0')
    return problem_set(problem, CLI_USAGE,
                       "which PKCS#11 module? Set PKCS11_MODULE_PATH, or add ?module-path=/usr/lib/... to "
                       "the URI");
  if (strchr(module, '/') != NULL && access(module, R_OK) != 0)
    return problem_set(problem, CLI_INPUT, "PKCS#11 module %s: %s", module, strerror(errno));
  s->ctx = PKCS11_CTX_new();
  if (s->ctx == NULL || PKCS11_CTX_load(s->ctx, module) != 0)
    return problem_set(problem, CLI_INPUT, "PKCS#11 module %s: cannot be loaded (%s)", module, crypto_reason());
  s->loaded = true;
  if (PKCS11_enumerate_slots(s->ctx, &s->slots, &s->slot_count) != 0)
    return problem_set(problem, CLI_INPUT, "PKCS#11 module %s: no slots (%s)", module, crypto_reason());
  return true;
}

static bool same(const struct pkcs11_value *wanted, const char *is)
{
  return !wanted->given || (is != NULL && strcmp(wanted->text, is) == 0);
}

/* The one token that the URI names. */
static PKCS11_SLOT *find_token(struct pkcs11_session *s, const struct pkcs11_uri *uri, struct problem *problem)
{
  PKCS11_SLOT *found = NULL;
  for (unsigned i = 0; i < s->slot_count; i++) {
    PKCS11_SLOT *slot = &s->slots[i];
    const PKCS11_TOKEN *t = slot->token;
    if (t == NULL || !t->initialized || !same(&uri->token, t->label) || !same(&uri->serial, t->serialnr) ||
        !same(&uri->manufacturer, t->manufacturer) || !same(&uri->model, t->model))
      continue;
    if (uri->slot_id.given && strtoul(uri->slot_id.text, NULL, 0) != PKCS11_get_slotid_from_slot(slot))
      continue;
    if (found != NULL) {
      problem_set(problem, CLI_INPUT, "pkcs11 URI: several tokens match; say which with token= or serial=");
      return NULL;
    }
    found = slot;
  }
  if (found == NULL)
    problem_set(problem, CLI_INPUT, "pkcs11 URI: no token%s%s among %u slots", uri->token.given ? " " : "",
                uri->token.given ? uri->token.text : " matches", s->slot_count);
  return found;
}

/* The PIN into `pin`. */
static bool get_pin(const struct pkcs11_uri *uri, const char *token, char *pin, size_t size, struct problem *problem)
{
  const char *from = uri->pin_value.given ? uri->pin_value.text : getenv("PORTCULLIS_PIN");
  if (uri->pin_source.given && !uri->pin_value.given) {
    const char *path = uri->pin_source.text;
    if (strncmp(path, "file:", 5) == 0)
      path += 5;
    size_t n;
    uint8_t *bytes = objfile_slurp(path, size - 1, &n, problem->text, sizeof problem->text);
    if (bytes == NULL) {
      problem->code = CLI_INPUT;
      return false;
    }
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
      n--;
    memcpy(pin, bytes, n);
    pin[n] = '\0';
    OPENSSL_cleanse(bytes, n);
    free(bytes);
    return true;
  }
  if (from != NULL) {
    if ((size_t)snprintf(pin, size, "%s", from) >= size)
      return problem_set(problem, CLI_USAGE, "the PIN is longer than %zu characters", size - 1);
    return true;
  }
  char prompt[100];
  snprintf(prompt, sizeof prompt, "PIN of token %s: ", token);
  if (isatty(STDIN_FILENO) && EVP_read_pw_string(pin, (int)size, prompt, 0) == 0)
    return true;
  return problem_set(
      problem, CLI_USAGE,
      "token %s wants a PIN: set PORTCULLIS_PIN, or add ?pin-source=file:... or ?pin-value=... to the URI", token);
}

static bool log_in(PKCS11_SLOT *slot, const struct pkcs11_uri *uri, struct problem *problem)
{
  char pin[PKCS11_URI_VALUE];
  if (!slot->token->loginRequired)
    return true;
  if (!get_pin(uri, slot->token->label, pin, sizeof pin, problem))
    return false;
  int result = PKCS11_login(slot, 0, pin);
  OPENSSL_cleanse(pin, sizeof pin);
  return result == 0 ||
         problem_set(problem, CLI_INPUT, "token %s: login failed: %s", slot->token->label, crypto_reason());
}

/* The one key of the token that the URI names. */
static PKCS11_KEY *find_key(PKCS11_SLOT *slot, const struct pkcs11_uri *uri, bool private_key, struct problem *problem)
{
  PKCS11_KEY *keys = NULL, *found = NULL;
  unsigned count = 0;
  const char *kind = private_key ? "private" : "public";
  int result = private_key ? PKCS11_enumerate_keys(slot->token, &keys, &count)
                           : PKCS11_enumerate_public_keys(slot->token, &keys, &count);
  if (result != 0) {
    problem_set(problem, CLI_INPUT, "token %s: cannot list its keys: %s", slot->token->label, crypto_reason());
    return NULL;
  }
  for (unsigned i = 0; i < count; i++) {
    if (!same(&uri->object, keys[i].label))
      continue;
    if (uri->id.given && (uri->id.size != keys[i].id_len || memcmp(uri->id.text, keys[i].id, keys[i].id_len) != 0))
      continue;
    if (found != NULL) {
      problem_set(problem, CLI_INPUT,
                  "token %s: several %s keys match; say which with object= or id=", slot->token->label, kind);
      return NULL;
    }
    found = &keys[i];
  }
  if (found == NULL)
    problem_set(problem, CLI_INPUT, "token %s: no %s key%s%s among %u", slot->token->label, kind,
                uri->object.given ? " " : "", uri->object.given ? uri->object.text : " matches", count);
  return found;
}

struct pkcs11_session *pkcs11_open(const char *text, bool private_key, EVP_PKEY **key, struct problem *problem)
{
  struct pkcs11_uri uri;
  if (!pkcs11_uri_parse(text, &uri, problem))
    return NULL;
  struct pkcs11_session *s = calloc(1, sizeof *s);
  if (s == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  *key = NULL;
  PKCS11_SLOT *slot = load_module(s, &uri, problem) ? find_token(s, &uri, problem) : NULL;
  if (slot != NULL && (!private_key || log_in(slot, &uri, problem))) {
    PKCS11_KEY *found = find_key(slot, &uri, private_key, problem);
    if (found != NULL) {
      *key = private_key ? PKCS11_get_private_key(found) : PKCS11_get_public_key(found);
      if (*key == NULL)
        problem_set(problem, CLI_INPUT, "token %s: cannot use its key: %s", slot->token->label, crypto_reason());
    }
  }
  OPENSSL_cleanse(&uri, sizeof uri);
  if (*key == NULL) {
    pkcs11_close(s);
    return NULL;
  }
  return s;
}
