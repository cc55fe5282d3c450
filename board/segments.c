/* Where the two slots of a board lie whose images have two segments: see flash/joined.h. Linked into the engine, too.
 */
#include "flash/joined.h"
#include "map.h"
#include "port/external.h"
#include "port/flash.h"

#define DOWNLOAD_2 (MAP_DOWNLOAD_JOINED + MAP_DOWNLOAD_SIZE)
#define STAGE      (MAP_ACTIVE_BASE + MAP_ACTIVE_SIZE + MAP_SEGMENT_SIZE) /* right behind the active slot */

const struct joined_part joined_parts[] = {
    {MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE, MAP_ACTIVE_BASE, MAP_FLASH_PAGE, &port_flash},
    {MAP_ACTIVE_BASE + MAP_ACTIVE_SIZE, MAP_SEGMENT_SIZE, MAP_SEGMENT_BASE, MAP_EXTERNAL_PAGE, &port_external},
    {MAP_DOWNLOAD_JOINED, MAP_DOWNLOAD_SIZE, MAP_DOWNLOAD_BASE, MAP_FLASH_PAGE, &port_flash},
    {DOWNLOAD_2, MAP_SEGMENT_SIZE, MAP_SEGMENT_DOWNLOAD, MAP_EXTERNAL_PAGE, &port_external},
    {STAGE, MAP_SEGMENT_PAGE, MAP_STAGE_BASE, MAP_FLASH_PAGE, &port_flash},
};
const uint32_t joined_count = sizeof joined_parts / sizeof joined_parts[0];
const uint32_t joined_page = MAP_SEGMENT_PAGE;

_Static_assert(MAP_ACTIVE_SIZE % MAP_SEGMENT_PAGE == 0 && MAP_DOWNLOAD_SIZE % MAP_SEGMENT_PAGE == 0 &&
                   MAP_SEGMENT_SIZE % MAP_SEGMENT_PAGE == 0 && MAP_SEGMENT_PAGE % MAP_EXTERNAL_PAGE == 0 &&
                   MAP_DOWNLOAD_SIZE == MAP_ACTIVE_SIZE + MAP_SEGMENT_PAGE,
               "parts are whole pages, and both slots change over at the same offset of the image");
