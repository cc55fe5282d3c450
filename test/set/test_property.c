/* Random lives of a device with three images against a plain model of what it must do: downloads of whole and partial
 * images (good, older, damaged, for another base), requests, validations, resets, the button, damage, power cuts.
 * Without a cut the model says exactly what runs; with one, the images that run must be those of before or of after,
 * all of one kind, and the device comes to rest. */
#include "port/port.h"
#include "portcullis/engine.h"
#include "test/set/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define P 0x200u

typedef const struct rig_image *images_t[RIG_IMAGES + 1];

/* ---- the model ---- */
static struct {
  images_t now;                      /* what stands in the active slots; NULL: nothing */
  images_t before;                   /* what was there before the set under test */
  uint32_t tested;                   /* images under test, bit n; they came together */
  uint32_t stuck;                    /* of them, those that cannot go back: no backup, or it was overwritten */
  uint32_t valid;                    /* of them, those that the application has validated */
  uint32_t asked;                    /* images asked for */
  images_t wanted;                   /* what lies in their download slots */
  uint32_t refused;                  /* of what lies there, what will be refused at the boot */
  bool set;                          /* the first of them asks for all */
  uint32_t versions[RIG_IMAGES + 1]; /* of the active headers, which outlive damaged images */
} model;

static uint32_t next_version, step;

/* What one or more boots do, up to an application that runs or the loader. */
static void model_boot(void)
{
  /* The test of the set before ends at a reset. */
  if (model.tested != 0 && model.valid != model.tested && model.asked == 0 && model.stuck == 0)
    for (uint32_t n = 1; n <= RIG_IMAGES; n++)
      if ((model.tested >> n & 1) != 0) {
        model.now[n] = model.before[n];
        model.versions[n] = model.now[n]->version;
      }
  model.tested = model.valid = model.stuck = 0;
  if (model.asked != 0 && (model.asked & model.refused) == 0) {
    for (uint32_t n = 1; n <= RIG_IMAGES; n++)
      if ((model.asked >> n & 1) != 0) {
        model.before[n] = model.now[n];
        if (model.now[n] == NULL)
          model.stuck |= 1u << n;
        model.now[n] = model.wanted[n];
        model.versions[n] = model.now[n]->version;
        model.tested |= 1u << n;
      }
  }
  model.asked = 0;
}

static bool same(const images_t images)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if (images[n] != NULL ? rig_active(n) != images[n] : !rig_active_blank(n))
      return false;
  return true;
}

/* ---- what is done ---- */

enum file { WHOLE, PART, OLDER, DAMAGED, OTHER_BASE, FILES };

static uint32_t chance(uint32_t of)
{
  return simflash_random() % of;
}

static const uint32_t slot_pages[] = {0, 4, 3, 2};
static uint32_t plan;            /* images to receive */
static images_t files;           /* which */
static bool bad[RIG_IMAGES + 1]; /* refused at the boot, not before */
static bool whole_set;           /* one request for all */
static uint32_t validate_what;   /* 0: nothing */
static bool validate_first;

static const struct rig_image *make_file(uint32_t n)
{
  const struct rig_image *base = model.now[n];
  const enum file kind = (enum file)chance(FILES + 3);
  bad[n] = false;
  if (kind == OLDER && model.versions[n] > 0x01000000)
    return rig_image_make(n, model.versions[n] - 1, 16 * (1 + chance(32)));
  if ((kind == PART || kind == OTHER_BASE) && base != NULL && base->size >= 64) {
    if (kind == OTHER_BASE)
      base = rig_image_make(n, base->version, base->size);
    const uint32_t offset = 16 * (1 + chance(base->size / 16 - 2));
    uint32_t part = 16 * (1 + chance((base->size - offset) / 16));
    /* It may happen to be the right one where that counts. */
    bad[n] = memcmp(base->clear, model.now[n]->clear, offset) != 0 ||
             memcmp(base->clear + offset + part, model.now[n]->clear + offset + part, base->size - offset - part) != 0;
    return rig_image_make_partial(base, ++next_version, base->size, offset, part);
  }
  struct rig_image *image = rig_image_make(n, ++next_version, 16 * (1 + chance(slot_pages[n] * P / 16)));
  if (kind == DAMAGED) {
    image->cipher[chance(image->part)] ^= 1;
    bad[n] = true;
  }
  return image;
}

static void plan_files(uint32_t which)
{
  plan = which;
  whole_set = chance(2) != 0;
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((plan >> n & 1) != 0)
      files[n] = make_file(n);
}

static void model_validate(uint32_t what)
{
  /* All that is under test, or one of it. */
  if (what == ENGINE_ALL_IMAGES)
    model.valid = model.tested;
  else
    model.valid |= model.tested & 1u << what;
}

static void do_validate(void)
{
  if (validate_what == 0)
    return;
  (void)engine_call(ENGINE_VALIDATE, validate_what, 0, 0);
  model_validate(validate_what);
}

static void do_receive(void)
{
  if (plan == 0)
    return;
  const uint32_t images = plan;
  plan = 0;
  model.asked = 0; /* what may lie there is overwritten, or its wish is */
  model.refused = 0;
  model.set = whole_set;
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    if ((images >> n & 1) == 0)
      continue;
    pc_status status = rig_receive(files[n]);
    const bool older = files[n]->version < model.versions[n];
    if ((status == PC_OK) == older)
      rig_fail(older ? "an older version is received" : "a file is not received");
    if (older)
      return;                              /* the application gives up: nothing is asked for */
    model.stuck |= model.tested & 1u << n; /* its backup lay there */
    model.wanted[n] = files[n];
    model.refused |= bad[n] ? 1u << n : 0;
    if (!whole_set) {
      if (rig_request(1u << n) != PC_OK)
        rig_fail("a request fails");
      model.asked |= 1u << n;
    }
  }
  if (whole_set && rig_request(images) != PC_OK)
    rig_fail("a request fails");
  model.asked = images;
}

/* The button was pressed, and one file is sent. */
static void loader(void)
{
  uint32_t n = 1;
  while ((plan >> n & 1) == 0)
    n++;
  plan = 0;
  rig.button = false;
  pc_status status = rig_receive(files[n]);
  const bool older = files[n]->version < model.versions[n];
  if ((status == PC_OK) == older)
    rig_fail(older ? "an older version is received" : "a file is not received");
  if (!older) {
    if (rig_request(1u << n) != PC_OK)
      rig_fail("a request fails");
    /* The wish for a set lies in the slot of its first image. */
    if (model.set && (model.asked >> n & 1) != 0 && (model.asked & ((1u << n) - 1)) == 0)
      model.asked = 0;
    model.stuck |= model.tested & 1u << n;
    model.wanted[n] = files[n];
    model.refused = (model.refused & ~(1u << n)) | (bad[n] ? 1u << n : 0);
    model.asked |= 1u << n;
  }
  port_reset();
}

static void application(void)
{
  if (validate_first)
    do_validate();
  do_receive();
  if (!validate_first)
    do_validate();
}

/* ---- steps ---- */

static void new_step(uint32_t kind)
{
  plan = 0;
  validate_what = 0;
  rig.application = application;
  rig.loader = NULL;
  rig.button = false;
  (void)snprintf(rig.note, sizeof rig.note, "step %u, kind %u", (unsigned)step, (unsigned)kind);
}

static uint32_t some_images(void)
{
  return (1 + chance(7)) << 1;
}

/* What to do while the application runs in the next boot. */
static void choose_session(void)
{
  const uint32_t what = chance(5);
  validate_first = chance(2) != 0;
  if (what == 0)
    validate_what = 1 + chance(3);
  else if (what <= 2)
    validate_what = ENGINE_ALL_IMAGES;
  /* Files of the images that will then be there: the model of the boot has been run. */
  if (chance(3) != 0)
    plan_files(some_images());
}

/* The loader waits: image 1 is missing. Give it one. */
static void rescue(void)
{
  if (plan == 0)
    return;
  do_receive();
  port_reset();
}

static void show(const char *when)
{
  if (getenv("PROPERTY_SHOW") == NULL)
    return;
  printf("step %u %s: now", (unsigned)step, when);
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    printf(" %x", model.now[n] != NULL ? (unsigned)model.now[n]->version & 0xFFFFFF : 0);
  printf(", tested %x stuck %x valid %x asked %x refused %x\n", (unsigned)model.tested, (unsigned)model.stuck,
         (unsigned)model.valid, (unsigned)model.asked, (unsigned)model.refused);
}

static void boot_exactly(void)
{
  show("before");
  if (chance(8) == 0) {
    plan = 1u << (1 + chance(RIG_IMAGES));
    for (uint32_t n = 1; n <= RIG_IMAGES; n++)
      if ((plan >> n & 1) != 0)
        files[n] = make_file(n);
    rig.button = true;
    rig.loader = loader;
    if (rig_boot() != RIG_RESET)
      rig_fail("the button brings no loader");
    rig.button = false;
    rig.loader = NULL;
  }
  model_boot();
  show("boot");
  if (model.now[1] != NULL) {
    choose_session();
  } else {
    plan = 1u << 1;
    whole_set = false;
    bad[1] = false;
    files[1] = rig_image_make(1, ++next_version, 16 * (1 + chance(4 * P / 16)));
    rig.loader = rescue;
  }
  const bool runs = model.now[1] != NULL;
  images_t expected;
  memcpy(expected, model.now, sizeof expected);
  const enum rig_end how = rig_settle(20);
  show("ran");
  if (!runs) { /* it was given image 1 and reset */
    model_boot();
    memcpy(expected, model.now, sizeof expected);
  }
  if (how != RIG_RUNS)
    rig_fail("nothing runs");
  if (!same(expected))
    rig_fail("not the images that the model says");
}

/* Receive what is planned and ask for it at once, wherever it gets to; once. */
static void receive_blindly(void)
{
  const uint32_t images = plan;
  plan = 0;
  if (images == 0)
    return;
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((images >> n & 1) != 0 && rig_receive(files[n]) != PC_OK)
      return;
  (void)rig_request(images);
}

/* What may run after a cut: before or after what was going on, each without and with what the application receives. */
static struct {
  images_t images;
} outcomes[6];

static uint32_t outcome(void)
{
  for (uint32_t i = 6; i-- != 0;)
    if (same(outcomes[i].images))
      return i;
  rig_fail("images of two kinds side by side");
}

static void find_outcomes(void)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    const bool tested = (model.tested >> n & 1) != 0;
    const bool asked = (model.asked >> n & 1) != 0 && (model.asked & model.refused) == 0;
    outcomes[0].images[n] = model.now[n];
    outcomes[1].images[n] = tested ? model.before[n] : model.now[n];
    outcomes[2].images[n] = asked ? model.wanted[n] : model.now[n];
    for (uint32_t i = 0; i < 3; i++)
      outcomes[3 + i].images[n] = (plan >> n & 1) != 0 ? files[n] : outcomes[i].images[n];
  }
}

/* The power goes somewhere in the boots and sessions to come. */
static void boot_cut(void)
{
  if (chance(2) == 0) {
    plan = some_images();
    for (uint32_t n = 1; n <= RIG_IMAGES; n++)
      if ((plan >> n & 1) != 0)
        files[n] = rig_image_make(n, ++next_version, 16 * (1 + chance(slot_pages[n] * P / 16)));
  }
  find_outcomes();
  rig.application = receive_blindly;
  simflash_cut(1 + chance(900), (enum simflash_tear)chance(SIMFLASH_TEARS));
  if (chance(3) == 0)
    rig_power_off();
  uint32_t quiet = 0;
  for (uint32_t boots = 0; quiet < 2; boots++) {
    const uint32_t before = simflash_counts().operations;
    const enum rig_end how = rig_boot();
    const char *which = getenv("PROPERTY_SHOW");
    if (which != NULL && (uint32_t)strtoul(which, NULL, 10) == step)
      printf("ends %d after %u operations, set %d: %s\n", (int)how, (unsigned)(simflash_counts().operations - before),
             (int)model.set, rig.console);
    if (boots == 60)
      rig_fail("never comes to rest");
    if (how == RIG_WAITS)
      break;
    if (how == RIG_RUNS)
      (void)outcome();
    quiet = how == RIG_RUNS && simflash_counts().operations == before ? quiet + 1 : 0;
  }
  simflash_cut(0, SIMFLASH_BEFORE);
  memcpy(model.now, outcomes[outcome()].images, sizeof model.now);
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if (model.now[n] != NULL)
      model.versions[n] = model.now[n]->version;
  model.tested = model.valid = model.stuck = model.asked = 0;
}

/* A bit flips in an active slot: the image is not started any more, and is gone. */
static void damage(void)
{
  static const uint32_t active[] = {0, 0x08002000, 0x08004000, 0x08006000};
  const uint32_t n = 1 + chance(RIG_IMAGES);
  if (model.now[n] == NULL || model.tested != 0 || model.asked != 0)
    return;
  const uint32_t at = 1 + chance(model.now[n]->size - 1);
  const uint8_t byte = (uint8_t)(model.now[n]->clear[at] ^ 1u << chance(8));
  simflash_load(active[n] + at, &byte, 1);
  model.now[n] = NULL;
}

static void a_device_does_what_the_model_says(void **state)
{
  (void)state;
  for (uint32_t life = 0; life < PROPERTY_STEPS / 250; life++) {
    rig_reset(100 + life);
    memset(&model, 0, sizeof model);
    next_version = 0x01000000;
    for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
      model.now[n] = rig_image_make(n, ++next_version, 16 * (1 + chance(slot_pages[n] * P / 16)));
      model.versions[n] = model.now[n]->version;
      rig_put_active(model.now[n]);
    }
    for (uint32_t i = 0; i < 250; i++, step++) {
      const uint32_t kind = chance(8);
      new_step(kind);
      if (kind == 0)
        damage();
      if (kind == 1)
        boot_cut();
      else
        boot_exactly();
    }
  }
  printf("%u steps\n", (unsigned)step);
}

static int done(void **state)
{
  (void)state;
  rig_drop_images();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_device_does_what_the_model_says)};
  return cmocka_run_group_tests(tests, NULL, done);
}
