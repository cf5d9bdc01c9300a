// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is near? Items, numbered from 0, lie in cells of some 67 m; to find those around a place only the cells around it are
 * looked into. Rows of cells go around the earth, and have fewer of them towards the poles.
 */

struct place_grid;

struct place_grid *place_grid_create(uint32_t items_max); // NULL without memory
void place_grid_destroy(struct place_grid *grid);

// Moves it when it is there.
void place_grid_put(struct place_grid *grid, uint32_t item, double latitude, double longitude);
void place_grid_take(struct place_grid *grid, uint32_t item);

// Goes over all items within the radius and some beyond it. Nothing may be put or taken meanwhile.
struct place_grid_walk {
    const struct place_grid *grid;
    double latitude, longitude, radius_m;
    int64_t row, last_row, column, last_column;
    uint64_t cell;
    uint32_t item;
};

void place_grid_begin(const struct place_grid *grid, double latitude, double longitude, double radius_m,
                      struct place_grid_walk *ret_walk);
bool place_grid_next(struct place_grid_walk *walk, uint32_t *ret_item); // false: that was all
