/* RFC 7512: "pkcs11:" path attributes separated by ';', then optionally '?' and query attributes separated by '&'. */
#include "tool/pkcs11_uri.h"

#include <stdio.h>
#include <string.h>

#define SCHEME "pkcs11:"

static const struct {
  const char *name;
  size_t at;
  bool query;
} attributes[] = {
#define PATH(name, field)                                                                                              \
  {                                                                                                                    \
    name, offsetof(struct pkcs11_uri, field), false                                                                    \
  }
#define QUERY(name, field)                                                                                             \
  {                                                                                                                    \
    name, offsetof(struct pkcs11_uri, field), true                                                                     \
  }
    PATH("token", token),
    PATH("manufacturer", manufacturer),
    PATH("serial", serial),
    PATH("model", model),
    PATH("object", object),
    PATH("id", id),
    PATH("type", type),
    PATH("slot-id", slot_id),
    QUERY("pin-value", pin_value),
    QUERY("pin-source", pin_source),
    QUERY("module-path", module_path),
};

static int hex_digit(char c)
{
  const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
  return at == NULL ? -1 : (int)((at - digits) % 16);
}

static bool decode(const char *text, size_t length, struct pkcs11_value *value)
{
  value->size = 0;
  for (size_t i = 0; i < length; i++) {
    int byte = (unsigned char)text[i];
    if (text[i] == '%') {
      if (length - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
        return false;
      byte = hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]);
      i += 2;
    }
    if (value->size + 1 >= sizeof value->text)
      return false;
    value->text[value->size++] = (char)byte;
  }
  value->text[value->size] = '\0';
  value->given = true;
  return true;
}

/* One "name=value" of `length` characters. Messages never show the value: it may be a PIN. */
static bool attribute(const char *text, size_t length, bool query, struct pkcs11_uri *uri, struct problem *problem)
{
  const char *equals = memchr(text, '=', length);
  size_t name = equals ? (size_t)(equals - text) : length;
  for (size_t i = 0; equals != NULL && i < sizeof attributes / sizeof attributes[0]; i++) {
    if (attributes[i].query != query || strlen(attributes[i].name) != name ||
        memcmp(attributes[i].name, text, name) != 0)
      continue;
    struct pkcs11_value *value = (struct pkcs11_value *)((char *)uri + attributes[i].at);
    if (value->given)
      return problem_set(problem, CLI_USAGE, "pkcs11 URI: %s stands there twice", attributes[i].name);
    if (!decode(equals + 1, length - name - 1, value))
      return problem_set(problem, CLI_USAGE, "pkcs11 URI: value of %s is too long or has a broken %%-escape",
                         attributes[i].name);
    return true;
  }
  return problem_set(problem, CLI_USAGE,
                     "pkcs11 URI: unknown attribute '%.*s' (known: token, object, id, serial, "
                     "manufacturer, model, type, slot-id; after '?': pin-value, pin-source, module-path)",
                     (int)name, text);
}

bool pkcs11_uri_parse(const char *text, struct pkcs11_uri *uri, struct problem *problem)
{
  memset(uri, 0, sizeof *uri);
  text += strlen(SCHEME);
  bool query = false;
  while (*text != '\0') {
    size_t length = strcspn(text, query ? "&" : ";?");
    if (length > 0 && !attribute(text, length, query, uri, problem))
      return false;
    text += length;
    if (*text == '?' && !query)
      query = true;
    text += *text != '\0';
  }
  return true;
}

bool pkcs11_uri_without_pin(const char *text, char *to, size_t size)
{
  static const char pin[] = "pin-value=";
  const char *at = strchr(text, '?');
  while (at != NULL && strncmp(at + 1, pin, sizeof pin - 1) != 0)
    at = strchr(at + 1, '&');
  if (at == NULL)
    return (size_t)snprintf(to, size, "%s", text) < size;
  const char *rest = at + 1 + strcspn(at + 1, "&");
  /* Keep the separator in front unless nothing follows; if more follows, drop the one after. */
  int n = *rest == '\0' ? snprintf(to, size, "%.*s", (int)(at - text), text)
                        : snprintf(to, size, "%.*s%s", (int)(at + 1 - text), text, rest + 1);
  return n >= 0 && (size_t)n < size;
}
