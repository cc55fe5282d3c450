/* An engine, its flash, two images and the patch between them: what the tests of patches share. */
#ifndef TEST_ENGINE_PATCH_RIG_H
#define TEST_ENGINE_PATCH_RIG_H

#include "delta/encoder.h"
#include "image/patch.h"
#include "test/engine/open_gate.h"

#define PAGE         2048u
#define BASE         0x08000000u
#define HEADER_AT    BASE
#define JOURNAL_AT   (BASE + PAGE)
#define COUNTER_AT   (BASE + 3 * PAGE)
#define ACTIVE_AT    (BASE + 8 * PAGE)
#define PAGES        4u
#define DOWNLOAD_AT  (BASE + 24 * PAGE)
#define DOWNLOAD_END (PAGES + 2)
#define PRODUCT      0x4C343736u
#define FROM_SIZE    5008u
#define TO_SIZE      5120u

extern uint8_t from[FROM_SIZE], to[TO_SIZE], to_cipher[TO_SIZE];
extern uint8_t from_header[IMAGE_HEADER_SIZE], to_header[IMAGE_HEADER_SIZE];
extern uint8_t file[8192]; /* the .sfbp */
extern uint32_t file_size;

struct image_info info(uint32_t version, uint32_t size);
/* A .sfbp into `file`. mode IMAGE: a compressed image, for any FROM. */
void make_patch(uint32_t mode);
void reset(void);
/* Both images with these versions; FROM installed, filling in the download slot. */
void pack(uint32_t from_version, uint32_t to_version);
/* New keys, 1.0.0 and 1.1.0, the patch; a cmocka setup. */
int setup(void **state);
/* The same once more, quickly. */
void again(void);

#endif
