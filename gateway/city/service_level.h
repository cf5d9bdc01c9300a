// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Levels of service of a walkway, A to F (J. J. Fruin, Pedestrian Planning and Design, 1971). Where two levels touch, the worse one
 * counts, but F only beyond its bounds. NAN gives NULL.
 */

const char *service_level_of_density(double people, double area_m2);
const char *service_level_of_flow(double flow_per_m_min);
