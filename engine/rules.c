/* Which authentic image may replace which: what can be installed at all, product, protocol and anti-rollback.
 *
 * The active header counts even when its image is damaged: wiping an image must not open the door to an older one.
 * Without an authentic active header, everything from the stored minimum up is accepted. */
#include "engine/counter.h"
#include "engine/partial.h"

static uint32_t comparable(const struct image_info *info)
{
  /* The two protocols count versions differently: 16 bits of the vendor's are the upper half of ours. */
  return info->protocol == IMAGE_PROTOCOL_VENDOR ? info->version << 16 : info->version;
}

pc_status engine_above_minimum(const struct image_info *info)
{
  return comparable(info) < engine.minimum[info->image - 1] ? PC_ERR_VERSION : PC_OK;
}

uint32_t engine_wanted_minimum(const struct image_info *info)
{
  const uint32_t own = comparable(info);
  if ((info->flags & IMAGE_FLAG_RAISE_MINIMUM) == 0)
    return 0;
  return info->minimum < own ? info->minimum : own;
}

static pc_status judge(const struct image_info *candidate, const struct image_info *active, uint32_t has_active)
{
  if (candidate->protocol == IMAGE_PROTOCOL && candidate->product != 0 && candidate->product != engine_board.product)
    return PC_ERR_PRODUCT;
  if (has_active == ENGINE_YES) {
    if (candidate->protocol < active->protocol && engine_board.accept_vendor != ENGINE_YES)
      return PC_ERR_VERSION;
    if (comparable(candidate) < comparable(active))
      return PC_ERR_VERSION;
  }
  return engine_above_minimum(candidate);
}

/* Beside the active header, if there is an authentic one. `old_size`: its image's bytes, or 0. */
static __attribute__((noinline)) pc_status look(const struct image_info *candidate, struct image_info *active,
                                                uint32_t *old_size)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  uint32_t flow = engine.flow;
  uint32_t has_active = ENGINE_NO;
  if (engine_header_load(candidate->image, ENGINE_SOURCE_ACTIVE, header) == PC_OK &&
      engine_header_check(header, active) == PC_OK && active->image == candidate->image)
    has_active = ENGINE_YES;
  engine.flow = flow;
  *old_size = has_active == ENGINE_YES ? active->size : 0;
  return judge(candidate, active, has_active);
}

/* Does the board have what the image's second segment is for, at that very offset? An image without one must not reach
 * into that part of the slot: its program would be torn apart. */
static inline pc_status segments(const struct image_info *candidate, const struct install_slot *slots)
{
  if (candidate->external != 0)
    return candidate->external == slots->segment ? PC_OK : PC_ERR_UNSUPPORTED;
  return slots->segment == 0 || candidate->size <= slots->segment ? PC_OK : PC_ERR_SIZE;
}

pc_status engine_rules(const struct image_info *candidate, uint32_t *old_size)
{
  struct image_info active;
  if (!INSTALL_PARTIAL && candidate->partial_size != candidate->size)
    return PC_ERR_UNSUPPORTED; /* this slot mode takes whole images */
  if (candidate->size > engine_slot(candidate->image)->slots.image_max)
    return PC_ERR_SIZE;
  if (IMAGE_SEGMENTS) {
    const pc_status fits = segments(candidate, &engine_slot(candidate->image)->slots);
    if (fits != PC_OK)
      return fits;
  }
  if (counter_accepts(candidate) != PC_OK)
    return PC_ERR_LOG_FULL; /* a wish that cannot be granted */
  volatile pc_status verdict = look(candidate, &active, old_size);
  if (verdict != PC_OK)
    return verdict;
  /* All of it twice: any fault in finding the active header, in reading it or in checking its signature would otherwise
   * let an older version in. */
  verdict = look(candidate, &active, old_size);
  if (verdict != PC_OK)
    return verdict;
  if (INSTALL_PARTIAL) {
    verdict = engine_partial_rules(candidate, *old_size);
    if (verdict != PC_OK)
      return verdict;
  }
  engine.flow += ENGINE_FLOW_RULES;
  return verdict;
}

pc_status engine_raise_minimum(const struct image_info *info)
{
  const uint32_t minimum = engine_wanted_minimum(info);
  return minimum == 0 ? PC_OK : counter_raise(info->image, minimum);
}
